package io.vicinal.nn;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vicinal.Patience;
import io.vicinal.backend.Backend;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadTest {

  private static Head head(Arena arena, DType dtype, ProxyStart start, long seed) {
    return Head.initialise(arena, dtype, 400, 100, 300, true, start, seed);
  }

  private static double deviation(Tensor tensor) {
    double[] x = tensor.toDoubles();
    double mean = Arrays.stream(x).average().orElseThrow();
    return Math.sqrt(Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  @Test
  void startsAsPublished() {
    try (Arena arena = Arena.host()) {
      Head head = head(arena, DType.F32, ProxyStart.NORMAL, 1);
      double bound = 1 / Math.sqrt(400);
      double[] weight = head.weight().toDoubles();
      assertThat(Arrays.stream(weight).map(Math::abs).max().orElseThrow())
          .isBetween(0.999 * bound, 1.000001 * bound);
      assertThat(deviation(head.weight())).isCloseTo(bound / Math.sqrt(3), within(0.02 * bound));
      assertThat(Arrays.stream(head.bias().toDoubles()).boxed())
          .allMatch(b -> Math.abs(b) <= bound);
      assertThat(deviation(head.proxies())).isCloseTo(0.125, within(0.03 * 0.125));
      double kaiming = Math.sqrt(2.0 / 300);
      assertThat(deviation(head(arena, DType.F32, ProxyStart.KAIMING, 1).proxies()))
          .isCloseTo(kaiming, within(0.03 * kaiming));
    }
  }

  @Test
  void seedsDecideAndPartsAreIndependent() {
    try (Arena arena = Arena.host()) {
      Head head = head(arena, DType.F64, ProxyStart.NORMAL, 1);
      Head same = head(arena, DType.F64, ProxyStart.NORMAL, 1);
      Head other = head(arena, DType.F64, ProxyStart.NORMAL, 2);
      assertThat(same.weight().toDoubles()).isEqualTo(head.weight().toDoubles());
      assertThat(other.weight().toDoubles()).isNotEqualTo(head.weight().toDoubles());
      Head wider = Head.initialise(arena, DType.F64, 400, 100, 50, false, ProxyStart.NORMAL, 1);
      assertThat(wider.weight().toDoubles()).isEqualTo(head.weight().toDoubles());
      assertThat(wider.proxies().toDoubles()).isEqualTo(head.proxies().rows(0, 50).toDoubles());
      float[] rounded = head(arena, DType.F32, ProxyStart.NORMAL, 1).proxies().toFloats();
      assertThat(rounded).isEqualTo(head.proxies().toFloats());
    }
  }

  @Test
  void firstValuesNeverChange() {
    try (Arena arena = Arena.host()) {
      Head head = Head.initialise(arena, DType.F64, 4, 1, 2, true, ProxyStart.NORMAL, 42);
      // From an independent Python program of the documented generator: a repeated run must start
      // from the same numbers on every JDK.
      assertThat(head.weight().toDoubles())
          .containsExactly(
              0.3210641552053527, 0.08682054008151485, 0.48978086965862233, -0.21760456193284206);
      assertThat(head.proxies().toDoubles())
          .containsExactly(-0.1366772596226722, 0.013532000890209735);
    }
  }

  @Test
  void embedsAsTheFormulaSays() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Head head = Head.initialise(arena, DType.F64, 3, 2, 4, true, ProxyStart.NORMAL, 5);
      double[] x = {1, 2, 3, -1, 0.5, 4};
      double[] w = head.weight().toDoubles();
      double[] b = head.bias().toDoubles();
      double[] z = head.embed(backend, arena.of(x, 2, 3), arena).toDoubles();
      for (int n = 0; n < 2; n++) {
        for (int j = 0; j < 2; j++) {
          double sum = b[j];
          for (int k = 0; k < 3; k++) {
            sum += w[j * 3 + k] * x[n * 3 + k];
          }
          assertThat(z[n * 2 + j]).isCloseTo(sum, within(1e-14));
        }
      }
      refused(() -> head.embed(backend, arena.of(x, 3, 2), arena), "the head was made for [N, 3]");
    }
  }

  @Test
  void savesAndLoads(@TempDir Path folder) {
    Path file = folder.resolve("head.safetensors");
    try (Arena arena = Arena.host()) {
      Head head = Head.initialise(arena, DType.F32, 5, 3, 4, true, ProxyStart.KAIMING, 5);
      head.save(file, Map.of("loss", "soft-triple"));
      Head loaded = Head.load(file, arena);
      assertThat(loaded.weight().toFloats()).containsExactly(head.weight().toFloats());
      assertThat(loaded.bias().toFloats()).containsExactly(head.bias().toFloats());
      assertThat(loaded.proxies().toFloats()).containsExactly(head.proxies().toFloats());
      assertThat(Safetensors.metadata(file)).containsEntry("loss", "soft-triple");
      Head bare = Head.initialise(arena, DType.F64, 5, 3, 4, false, ProxyStart.KAIMING, 5);
      bare.save(file, Map.of());
      assertThat(Head.load(file, arena).bias()).isNull();
    }
  }

  @Test
  void foreignFilesAreRefused(@TempDir Path folder) {
    Path file = folder.resolve("x.safetensors");
    try (Arena arena = Arena.host()) {
      Tensor weight = arena.allocate(DType.F32, 3, 5);
      Tensor proxies = arena.allocate(DType.F32, 4, 2);
      Safetensors.write(file, Map.of("weight", weight), Map.of());
      refused(
          () -> Head.load(file, arena),
          "x.safetensors: no head: tensors weight and proxies are needed");
      Safetensors.write(file, Map.of("weight", weight, "proxies", proxies), Map.of());
      refused(
          () -> Head.load(file, arena),
          "shapes do not fit: weight [3, 5], bias none, proxies [4, 2]");
      Tensor doubles = arena.allocate(DType.F64, 4, 3);
      Safetensors.write(file, Map.of("weight", weight, "proxies", doubles), Map.of());
      assertThatThrownBy(() -> Head.load(file, arena)).hasMessageContaining("must have one type");
    }
  }

  @Test
  void pythonOpensIt(@TempDir Path folder) throws Exception {
    assumeTrue(python("import safetensors.numpy", ""), "Python with safetensors is needed");
    Path file = folder.resolve("head.safetensors");
    try (Arena arena = Arena.host()) {
      Head head = Head.initialise(arena, DType.F32, 5, 3, 4, true, ProxyStart.KAIMING, 5);
      head.save(file, Map.of("loss", "cosface"));
      String program =
          String.join(
              "\n",
              "import sys, safetensors.numpy as s, safetensors",
              "t = s.load_file(sys.argv[1])",
              "assert {k: v.shape for k, v in t.items()} == "
                  + "{'weight': (3, 5), 'bias': (3,), 'proxies': (4, 3)}, t",
              "assert t['proxies'][3, 2] == " + head.proxies().at(11),
              "m = safetensors.safe_open(sys.argv[1], 'np').metadata()",
              "assert m['loss'] == 'cosface', m");
      assertThat(python(program, file.toString())).isTrue();
    }
  }

  private static boolean python(String program, String argument) throws InterruptedException {
    try {
      Path log = Files.createTempFile("python", ".log");
      Process process =
          new ProcessBuilder("python3", "-c", program, argument)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      boolean ended = process.waitFor(Patience.SECONDS, TimeUnit.SECONDS);
      if (ended && process.exitValue() != 0) {
        System.err.write(Files.readString(log).getBytes(StandardCharsets.UTF_8));
      }
      Files.delete(log);
      return ended && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // no python3
    }
  }
}
