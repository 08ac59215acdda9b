package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only real processes show: full and read-only disks, a second process, a sudden end. */
class ProcessTest {
  private static final int ROWS = 20_000;
  private static final int KILLS = 6;
  private static final List<String> NO_OPTIONS = List.of();

  @TempDir private Path folder;

  @Test
  void aFullDiskIsOneLineAndKeepsWhatWasThere() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    wide(fixture);
    try (Mount mount = Mount.tmpfs(folder.resolve("disk"), "size=128k")) {
      Path disk = mount.where();
      Path out = Files.createDirectory(disk.resolve("out"));
      Files.writeString(out.resolve("loss.json"), "kept");
      Object[] loss = fixture.loss("cosface", "--out", out.toString(), "--overwrite", "");
      CliProcess.run(folder.resolve("work"), loss)
          .failed(2, "grad_embeddings.npy", "No space left on device", "free space");
      assertThat(out.resolve("loss.json")).hasContent("kept");
      assertThat(names(out)).containsExactly("loss.json");

      Path z = disk.resolve("Z.npy");
      Files.writeString(z, "kept");
      CliProcess.run(
              folder.resolve("work"), fixture.embed("--out", z.toString(), "--overwrite", ""))
          .failed(2, "Z.npy", "No space left on device");
      assertThat(z).hasContent("kept");

      Object[] train =
          fixture.train("--run", disk.resolve("run").toString(), "--set", "head.embedding=20000");
      CliProcess.run(folder.resolve("work"), train).failed(2, "No space left on device");
    }
    assertThat(CliProcess.crashReports(folder)).isEmpty();
  }

  @Test
  void aReadOnlyDiskIsOneLine() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    try (Mount mount = Mount.tmpfs(folder.resolve("disk"), "size=128k,ro")) {
      Path disk = mount.where();
      String out = disk.resolve("out").toString();
      CliProcess.run(folder.resolve("work"), fixture.loss("cosface", "--out", out))
          .failed(2, "out", "Read-only file system");
      CliProcess.run(folder.resolve("work"), fixture.evaluate("--out", out + ".json"))
          .failed(2, "out.json", "cannot be written");
      CliProcess.run(folder.resolve("work"), fixture.train("--run", out))
          .failed(2, "out", "Read-only file system");
    }
  }

  @Test
  void aSecondProcessIsRefusedAndTheFirstGoesOn() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    Object[] endless = fixture.train("--set", "epochs=100000000");
    try (CliProcess first = CliProcess.start(folder.resolve("one"), NO_OPTIONS, endless)) {
      waitFor(fixture.at("run/metrics.jsonl"));
      Map<Path, String> config = BadInputTest.contents(fixture.at("run/config.json"));
      CliProcess.run(folder.resolve("two"), fixture.train())
          .failed(2, "run", "already holds a run", "another folder");
      CliProcess.run(folder.resolve("two"), fixture.train("--resume", ""))
          .failed(2, "run", "another process", "another folder");
      CliProcess.run(folder.resolve("two"), fixture.train("--restart", ""))
          .failed(2, "another process");
      assertThat(first.runs()).isTrue();
      assertThat(BadInputTest.contents(fixture.at("run/config.json"))).isEqualTo(config);
    }
  }

  @Test
  void aKilledRunIsResumed() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    String[] sizes = {"--set", "epochs=100000000"};
    try (CliProcess first =
        CliProcess.start(folder.resolve("one"), NO_OPTIONS, fixture.train(sizes))) {
      waitFor(fixture.at("run/metrics.jsonl"));
      first.kill();
    }
    long lines;
    try (Stream<String> written = Files.lines(fixture.at("run/metrics.jsonl"))) {
      lines = written.count();
    }
    Object[] resumed = fixture.train("--resume", "", "--set", "epochs=" + (lines + 50));
    Outcome outcome = CliProcess.run(folder.resolve("two"), resumed);
    outcome.succeeded();
    assertThat(outcome.out()).contains("head.safetensors");
  }

  /** Results are renamed into place: whenever the process ends, every visible file is whole. */
  @Test
  void aKilledLossLeavesWholeFiles() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    wide(fixture);
    CliProcess.run(folder.resolve("work"), fixture.loss("cosface")).succeeded();
    long whole = System.nanoTime();
    CliProcess.run(folder.resolve("work"), fixture.loss("cosface")).succeeded();
    long took = System.nanoTime() - whole;
    for (int i = 0; i < KILLS; i++) {
      Object[] loss = fixture.loss(i % 2 == 0 ? "arcface" : "proxy-nca");
      try (CliProcess process = CliProcess.start(folder.resolve("work"), NO_OPTIONS, loss)) {
        TimeUnit.NANOSECONDS.sleep(took * (KILLS + i) / (2 * KILLS));
        process.kill();
      }
      Path out = fixture.at("out");
      JsonParser.parseString(Files.readString(out.resolve("loss.json"))).getAsJsonObject();
      try (Arena arena = Arena.host()) {
        assertThat(Npy.read(out.resolve("grad_embeddings.npy"), arena).dim(0)).isEqualTo(ROWS);
        assertThat(Npy.read(out.resolve("per_sample.npy"), arena).dim(0)).isEqualTo(ROWS);
      }
    }
    assertThat(CliProcess.crashReports(folder)).isEmpty();
  }

  /** Java's own heap is not enough for the labels' checks: one line, not a dump. */
  @Test
  void tooLittleJavaMemoryIsOneLine() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    int rows = 4_000_000;
    NpyBytes.raw(fixture.at("E.npy"), "<f4", new byte[4 * rows], rows, 1);
    NpyBytes.longs(fixture.at("y.npy"), new long[rows]);
    NpyBytes.floats(fixture.at("P.npy"), new float[] {1}, 1, 1);
    try (CliProcess process =
        CliProcess.start(folder.resolve("work"), List.of("-Xmx24m"), fixture.loss("proxy-nca"))) {
      process.await().failed(1, "not enough memory", "-Xmx");
    }
    assertThat(fixture.at("out")).doesNotExist();
  }

  private static void wide(Fixture fixture) {
    NpyBytes.random(fixture.at("E.npy"), 1, ROWS, Fixture.WIDTH);
    long[] labels = new long[ROWS];
    for (int i = 0; i < ROWS; i++) {
      labels[i] = i % Fixture.CLASSES;
    }
    NpyBytes.longs(fixture.at("y.npy"), labels);
  }

  private static void waitFor(Path file) throws InterruptedException, IOException {
    for (int i = 0; i < 600; i++) {
      if (Files.exists(file) && Files.size(file) > 0) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new AssertionError(file + " did not appear");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  /** A small file system in memory; the test is skipped where mounting is not allowed. */
  private record Mount(Path where) implements AutoCloseable {
    static Mount tmpfs(Path where, String options) throws IOException {
      Files.createDirectory(where);
      int code = run("mount", "-t", "tmpfs", "-o", options, "tmpfs", where.toString());
      assumeThat(code).as("mounting needs root: no full disk to try").isZero();
      return new Mount(where);
    }

    @Override
    public void close() {
      assertThat(run("umount", where.toString())).isZero();
    }

    private static int run(String... command) {
      try {
        return new ProcessBuilder(command).start().waitFor();
      } catch (IOException | InterruptedException e) {
        return -1;
      }
    }
  }
}
