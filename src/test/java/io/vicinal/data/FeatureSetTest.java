package io.vicinal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class FeatureSetTest {
  @AutoClose private final Arena arena = Arena.host();

  private FeatureSet set() {
    return new FeatureSet(
        arena.of(new float[] {0, 1, 10, 11, 20, 21, 30, 31}, 4, 2),
        arena.of(new long[] {5, 0, 5, 2}, 4),
        "set");
  }

  @Test
  void countsAndSubsets() {
    FeatureSet set = set();
    assertThat(set.classes()).isEqualTo(6);
    assertThat(set.classCounts())
        .containsExactly(Map.entry(0L, 1L), Map.entry(2L, 1L), Map.entry(5L, 2L));
    assertThat(set.idsOf(5, 2)).containsExactly(0, 2, 3);
    FeatureSet part = set.subset(arena, "part", 3, 0, 3);
    assertThat(part.features().toFloats()).containsExactly(30, 31, 0, 1, 30, 31);
    assertThat(part.labels().toLongs()).containsExactly(2, 5, 2);
    assertThat(part.renumbered(arena, 5, 2).labels().toLongs()).containsExactly(1, 0, 1);
    assertThatThrownBy(() -> part.renumbered(arena, 5))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("class 2");
    assertThatThrownBy(() -> part.renumbered(arena, 5, 2, 5))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> set.subset(arena, "bad", 4))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("0..3");
    assertThatThrownBy(() -> set.subset(arena, "none")).isInstanceOf(InputException.class);
  }

  @Test
  void theHashIsOfTheContents() {
    String hash = set().sha256();
    assertThat(hash).hasSize(64).isEqualTo(set().sha256());
    FeatureSet other = set();
    other.labels().set(new long[] {5, 0, 5, 3});
    assertThat(other.sha256()).isNotEqualTo(hash);
    FeatureSet wide = set();
    FeatureSet reshaped =
        new FeatureSet(wide.features().reshape(4, 2), wide.labels(), "another name");
    assertThat(reshaped.sha256()).isEqualTo(hash);
    FeatureSet asDoubles = new FeatureSet(arena.allocate(DType.F64, 4, 2), wide.labels(), "set");
    asDoubles.features().copyFrom(wide.features());
    assertThat(asDoubles.sha256()).isNotEqualTo(hash);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    var features = arena.allocate(DType.F32, 2, 3);
    var labels = arena.allocate(DType.I64, 2);
    assertThatThrownBy(() -> new FeatureSet(labels, labels, "x"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("features");
    assertThatThrownBy(() -> new FeatureSet(features, features, "x"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("labels");
    assertThatThrownBy(() -> new FeatureSet(features, arena.allocate(DType.I64, 3), "x"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("3 labels for 2 rows");
    assertThatThrownBy(
            () ->
                new FeatureSet(arena.allocate(DType.F32, 0, 3), arena.allocate(DType.I64, 0), "x"))
        .isInstanceOf(InputException.class);
    labels.set(new long[] {0, -4});
    assertThatThrownBy(() -> new FeatureSet(features, labels, "x"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("-4");
  }
}
