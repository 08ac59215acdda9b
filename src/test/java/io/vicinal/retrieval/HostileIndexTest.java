package io.vicinal.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import io.vicinal.Patience;
import io.vicinal.retrieval.VectorIndex.Metric;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a hostile file or a full disk does is shown in a process of its own, which must live. */
class HostileIndexTest {
  @TempDir private Path folder;

  @Test
  void aChangedFileIsRefusedOrSearchable() throws Exception {
    assertThat(child("", Changes.class))
        .containsPattern("lived, [1-9][0-9]* refused, [1-9][0-9]* read");
  }

  @Test
  void aDiskThatIsFullIsASentenceAndLeavesTheOldFile() throws Exception {
    // The limit on the size of a file stands for the space that is left.
    assertThat(child("ulimit -f 64; ", FullDisk.class))
        .startsWith("refused")
        .contains("index: cannot be written (File too large)")
        .contains("[index]");
  }

  private String child(String before, Class<?> main) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx256m"));
    command.add("-XX:ErrorFile=" + folder.resolve("hs_err"));
    String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
    if (cache != null) {
      command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.add(Files.createDirectories(folder.resolve("files")).toString());
    Path out = folder.resolve("out");
    List<String> shell = new ArrayList<>(List.of("bash", "-c", before + "exec \"$0\" \"$@\""));
    shell.addAll(command);
    Process process =
        new ProcessBuilder(shell).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    try {
      assertThat(process.waitFor(Patience.SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(out);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  /** Every number of small files replaced by nasty ones; each cut; then searched and added to. */
  static final class Changes {
    private static final long[] NASTY = {
      0, 1, -1, 9, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 39, 1L << 62
    };
    private static final int ROWS = 5;
    private static int refused;
    private static int read;

    public static void main(String[] args) throws IOException {
      Path file = Path.of(args[0], "index");
      float[] x = new float[ROWS * 2];
      Random random = new Random(1);
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextFloat();
      }
      for (String description : List.of("Flat", "IVF3,Flat", "HNSW2")) {
        for (boolean named : new boolean[] {false, true}) {
          try (VectorIndex index = VectorIndex.create(2, Metric.L2, description)) {
            index.train(x);
            if (named) {
              index.add(x, LongStream.range(50, 50 + ROWS).toArray());
            } else {
              index.add(x);
            }
            index.save(file);
          }
          byte[] good = Files.readAllBytes(file);
          good = Arrays.copyOf(good, good.length - 32);
          for (int at = 0; at < good.length; at++) {
            if (at % 5 == 0) {
              attempt(file, Arrays.copyOf(good, at), x);
            }
            for (long value : NASTY) {
              for (int size : new int[] {4, 8}) {
                if (size == 4 && value != 0 && (int) value == 0) {
                  continue; // in four bytes it is 0, which comes first
                }
                // A header has a byte in it, so that numbers lie at multiples of four and one
                // behind.
                if (at + size <= good.length && at % 4 <= 1) {
                  byte[] bad = good.clone();
                  byte[] bytes =
                      ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
                  System.arraycopy(bytes, 0, bad, at, size);
                  attempt(file, bad, x);
                }
              }
            }
          }
        }
      }
      System.out.println("lived, " + refused + " refused, " + read + " read");
    }

    private static void attempt(Path file, byte[] bytes, float[] x) throws IOException {
      Files.write(file, bytes);
      try (VectorIndex index = VectorIndex.importFaiss(file)) {
        if (index.dimension() == 2) {
          index.search(x, 5);
          index.search(x, 100);
        }
        if (index.dimension() == 2 && index.isTrained()) {
          try {
            index.add(x);
          } catch (InputException e) {
            index.add(x, LongStream.range(1L << 40, (1L << 40) + ROWS).toArray());
          }
          index.search(x, 30);
        }
        read++;
      } catch (InputException e) {
        refused++;
      }
    }
  }

  /** Saves over a good file what the disk does not take. */
  static final class FullDisk {
    public static void main(String[] args) throws IOException {
      Path file = Path.of(args[0], "index");
      try (VectorIndex index = VectorIndex.create(4, Metric.L2, "HNSW4")) {
        index.add(new float[4 * 10]);
        index.save(file);
        byte[] good = Files.readAllBytes(file);
        index.add(new float[4 * 3000]);
        try {
          index.save(file);
          System.out.println("saved");
        } catch (InputException e) {
          boolean kept = Arrays.equals(good, Files.readAllBytes(file));
          try (var files = Files.list(file.getParent())) {
            System.out.println(
                (kept ? "refused: " : "lost: ")
                    + e.getMessage()
                    + files.map(f -> f.getFileName().toString()).toList());
          }
        }
      }
    }
  }
}
