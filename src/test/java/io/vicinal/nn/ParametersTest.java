package io.vicinal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParametersTest {
  @AutoClose private final Arena arena = Arena.host();

  private Parameters two() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("kernel", arena.of(new float[] {1, 2, 3, 4}, 2, 2));
    tensors.put("beta", arena.of(new float[] {5}, 1));
    tensors.put("shift", arena.of(new float[] {6, 7}, 2));
    return Parameters.of(tensors, Map.of("kernel", "body", "shift", "body"));
  }

  @Test
  void orderNamesAndGroupsStay() {
    Parameters all = two();
    assertThat(all.names()).containsExactly("kernel", "beta", "shift");
    assertThat(all.groups()).containsExactly("body", "beta");
    assertThat(all.group("shift")).isEqualTo("body");
    assertThat(all.in(List.of("body"))).containsExactly("kernel", "shift");
    assertThat(all.subset(List.of("shift", "kernel", "none")).names())
        .containsExactly("kernel", "shift");
    Parameters rest = all.without(List.of("kernel"));
    assertThat(rest.names()).containsExactly("beta", "shift");
    assertThat(rest.groups()).containsExactly("beta", "body");
    assertThat(rest.get("kernel")).isNull();
    assertThat(rest.get("beta")).isSameAs(all.get("beta"));
    Parameters more = Parameters.of(Map.of("proxies", arena.allocate(DType.F32, 1)));
    assertThat(all.and(more).names()).containsExactly("kernel", "beta", "shift", "proxies");
    assertThat(all.and(more).groups()).containsExactly("body", "beta", "proxies");
    assertThatThrownBy(() -> all.and(rest)).hasMessage("two parameters are named beta");
  }

  @Test
  void copiesAreApart() {
    Parameters all = two();
    Parameters copy = all.copy(arena);
    copy.get("kernel").set(new float[4]);
    assertThat(all.get("kernel").toFloats()).containsExactly(1, 2, 3, 4);
    assertThat(copy.get("shift").toFloats()).containsExactly(6, 7);
    assertThat(copy.groups()).isEqualTo(all.groups());
    assertThat(all.like(arena).get("beta").toFloats()).containsExactly(0);
    all.copyFrom(copy);
    assertThat(all.get("kernel").toFloats()).containsExactly(0, 0, 0, 0);
    Parameters doubles = all.as(DType.F64, arena);
    assertThat(doubles.get("shift").toDoubles()).containsExactly(6, 7);
    assertThat(doubles.as(DType.F64, arena).get("beta")).isSameAs(doubles.get("beta"));
  }

  @Test
  void aFileHoldsThem(@TempDir Path folder) {
    Path file = folder.resolve("p.safetensors");
    two().save(file, Map.of("of", "a test"));
    Parameters read = Parameters.load(file, arena);
    assertThat(read.names()).containsExactlyInAnyOrder("kernel", "beta", "shift");
    assertThat(read.get("kernel").toFloats()).containsExactly(1, 2, 3, 4);
  }
}
