package io.vicinal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * On a platform without our libraries the first allocation is a sentence, also the second time, and
 * no linkage error.
 */
class OtherPlatformTest {
  /** Runs in the forked process. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      for (int i = 0; i < 2; i++) {
        try (Arena arena = Arena.host()) {
          arena.allocate(DType.F32, 3);
        } catch (InputException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  @Test
  void oneSentence() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", // else Java 24 and newer print a warning
                "-Dos.arch=aarch64",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output.lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("aarch64; run on Linux x86-64"));
  }
}
