package io.vicinal.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.HostMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files end in one sentence or in an array, never in another exception, a crash or lost
 * memory.
 */
class FileFuzzTest {
  private static final long SEED = 20_261_122;
  private static final int ROUNDS = 2_000;
  private static final String[] ORIGINALS = {
    "f4.npy",
    "f8.npy",
    "i8.npy",
    "version2.npy",
    "version3.npy",
    "labels-u1.npy",
    "labels-i4.npy",
    "three.safetensors"
  };

  @TempDir Path folder;

  @Test
  void onlyInputExceptionsComeOut() throws IOException {
    long live = HostMemory.liveBytes();
    SplittableRandom random = new SplittableRandom(SEED);
    FileMutator mutator = new FileMutator(random);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String name = ORIGINALS[random.nextInt(ORIGINALS.length)];
      Path file = folder.resolve(name);
      Files.write(file, mutator.mutate(Fixtures.bytes(name)));
      try (Arena arena = Arena.host()) {
        read(file, name, arena);
      } catch (InputException e) {
        refused++;
        assertThat(e.getMessage())
            .as("round %s of seed %s", round, SEED)
            .startsWith(file.toString())
            .doesNotContain("\n");
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " of seed " + SEED + ", " + name, e);
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
    assertThat(HostMemory.liveBytes()).isEqualTo(live);
  }

  private static void read(Path file, String name, Arena arena) {
    if (name.startsWith("labels")) {
      Labels.read(file, arena);
    } else if (name.endsWith(".npy")) {
      Npy.read(file, arena);
    } else {
      Safetensors.metadata(file);
      Safetensors.read(file, arena);
    }
  }
}
