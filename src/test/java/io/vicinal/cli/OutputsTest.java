package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vicinal.data.ArrayFile;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is there already: own files are replaced, others refused, inputs never; targets stay. */
class OutputsTest {
  private static final String FLAG = "--overwrite";

  @TempDir private Path folder;

  private Fixture fixture;
  private Path out;
  private Path z;

  @BeforeEach
  void inputs() {
    fixture = Fixture.in(folder.resolve("data"));
    out = fixture.at("out");
    z = fixture.at("Z.npy");
  }

  @Test
  void ownFilesAreReplacedAndOthersOnlyWhenAllowed() throws IOException {
    Outcome.of(fixture.loss("cosface")).succeeded();
    Outcome.of(fixture.loss("arcface")).succeeded();
    assertThat(out.resolve("loss.json")).content().contains("arcface");
    Files.writeString(out.resolve("loss.json"), "edited");
    Outcome.of(fixture.loss("cosface")).failed(2, "out/loss.json", "not written by", FLAG);
    assertThat(out.resolve("loss.json")).hasContent("edited");
    Outcome.of(fixture.loss("cosface", FLAG, "")).succeeded();
    Outcome.of(fixture.loss("arcface")).succeeded();

    for (Object[] command :
        new Object[][] {
          fixture.embed(),
          fixture.evaluate(),
          fixture.export("onnx", "h.onnx"),
          fixture.export("faiss", "h.faiss")
        }) {
      Path file = Path.of(command[Arrays.asList(command).indexOf("--out") + 1].toString());
      Files.writeString(file, "mine");
      Outcome.of(command).failed(2, file.toString(), FLAG);
      assertThat(file).hasContent("mine");
      Outcome.of(with(command, FLAG)).succeeded();
      Outcome.of(command).succeeded();
    }
  }

  @Test
  void anEarlierResultIsRemovedOnlyIfItIsOurs() throws IOException {
    Outcome.of(fixture.loss("cosface")).succeeded();
    Path perSample = out.resolve("per_sample.npy");
    assertThat(perSample).exists();
    Outcome.of(fixture.loss("proxy-anchor")).succeeded();
    assertThat(perSample).as("of a loss that is no sum").doesNotExist();
    Files.writeString(perSample, "mine");
    Outcome.of(fixture.loss("proxy-anchor")).succeeded();
    assertThat(perSample).hasContent("mine");
  }

  @Test
  void explainCommandsRefuseBeforeTheWorkAndLeaveNothing() throws IOException {
    ExplainFixture model = ExplainFixture.in(folder.resolve("model"));
    String[][] commands = {
      {"confusions", "summary.json"},
      {"pair", "summary.json"},
      {"verify", "report.html"},
      {"mislabel", "suspects.csv"},
      {"relabel", "labels.npy"},
      {"reweight", "before-after.csv"},
      {"study", "study.csv"},
    };
    for (String[] command : commands) {
      Path there = Files.createDirectory(folder.resolve("there-" + command[0]));
      Files.writeString(there.resolve(command[1]), "mine");
      Outcome.of(model.explain(command[0], "--out", there.toString()))
          .failed(2, command[1], FLAG, "explain " + command[0]);
      try (Stream<Path> files = Files.list(there)) {
        assertThat(files).containsExactly(there.resolve(command[1]));
      }
      assertThat(there.resolve(command[1])).hasContent("mine");
    }
    Path there = folder.resolve("there-confusions");
    Outcome.of(model.explain("confusions", "--out", there.toString(), FLAG, "")).succeeded();
    Outcome.of(model.explain("confusions", "--out", there.toString())).succeeded();
  }

  @Test
  void anInputIsNeverReplacedByWhateverName() throws IOException {
    Path e = fixture.at("E.npy");
    byte[] before = Files.readAllBytes(e);
    Path soft = Files.createSymbolicLink(fixture.at("soft.npy"), e);
    Path hard = Files.createLink(fixture.at("hard.npy"), e);
    Path spelled = fixture.folder().resolve("../data/./E.npy");
    for (Path name : new Path[] {e, soft, hard, spelled}) {
      assertThat(name).exists();
      Outcome.of(fixture.embed("--out", name.toString(), FLAG, ""))
          .failed(2, name.toString(), "is an input", "never replaced");
    }
    Outcome.of(fixture.evaluate("--out", fixture.text("y.npy"), FLAG, "")).failed(2, "is an input");
    Files.createDirectory(out);
    Files.createLink(out.resolve("grad_proxies.npy"), fixture.at("P.npy"));
    Outcome.of(fixture.loss("cosface", FLAG, "")).failed(2, "is an input", "P.npy");
    // What a run's configuration names is read too.
    Outcome.of(fixture.train()).succeeded();
    Outcome.of(
            "embed --features % --head % % --out %",
            hard, fixture.at("run"), FLAG, fixture.at("y.npy"))
        .failed(2, "is an input");
    assertThat(e).hasBinaryContent(before);
  }

  @Test
  void aLinkStaysALinkAndModesStay() throws IOException {
    Path real = Files.createDirectory(fixture.at("elsewhere")).resolve("real.npy");
    Files.createSymbolicLink(z, Path.of("elsewhere/real.npy"));
    Outcome.of(fixture.embed()).succeeded(); // it led nowhere
    assertThat(z).isSymbolicLink();
    assertThat(real).isRegularFile();
    Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-------"));
    Outcome.of(fixture.embed("--normalize", "")).succeeded();
    assertThat(z).isSymbolicLink();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(real)))
        .isEqualTo("rw-------");
    Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("r--r--r--"));
    byte[] before = Files.readAllBytes(real);
    Outcome.of(fixture.embed(FLAG, "")).failed(2, "Z.npy", "read-only");
    assertThat(real).hasBinaryContent(before);

    Path circle = Files.createSymbolicLink(fixture.at("circle"), Path.of("circle"));
    Outcome.of(fixture.embed("--out", circle.toString())).failed(2, "circle of links");
    Outcome.of(fixture.loss("cosface", "--out", circle.toString())).failed(2, "not a folder");
  }

  /** Behind such a number may lie one of Java's own libraries, which was replaced so. */
  @Test
  void aHandleThatIsOpenForReadingIsNotWrittenThrough() throws IOException {
    Path file = Files.writeString(fixture.at("read.npy"), "somebody's");
    try (FileInputStream open = new FileInputStream(file.toFile());
        DirectoryStream<Path> handles = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      Path own = null;
      for (Path handle : handles) {
        own = Files.exists(handle) && Files.isSameFile(handle, file) ? handle : own;
      }
      assertThat(open.getFD().valid()).isTrue();
      String name = "/dev/fd/" + own.getFileName();
      Outcome.of(fixture.embed("--out", name)).failed(2, name, "not open for writing");
      Outcome.of(fixture.embed("--out", "lost\ufffd.npy")).failed(2, "lost", "UTF-8", "rename");
    }
    assertThat(file).hasContent("somebody's");
  }

  @Test
  void namesMayBeAsLongAsTheFileSystemAllows() throws IOException {
    Path longest = fixture.at("x".repeat(251) + ".npy");
    Outcome.of(fixture.embed("--out", longest.toString())).succeeded();
    assertThat(longest).exists();
    Path longer = fixture.at("x".repeat(252) + ".npy");
    Outcome.of(fixture.embed("--out", longer.toString()))
        .failed(2, "name too long", "shorter name");
    Path folder = fixture.at("x".repeat(256));
    Outcome.of(fixture.loss("cosface", "--out", folder.toString()))
        .failed(2, "name too long", "shorter name");
  }

  /** Whoever finds a file goes by its ending. */
  @Test
  void endingsSayWhatIsWritten() {
    Outcome.of(fixture.embed()).succeeded();
    Path table = fixture.at("Z.csv");
    Outcome.of(fixture.embed("--out", table.toString())).succeeded();
    try (Arena arena = Arena.host()) {
      assertThat(ArrayFile.read(table, arena, DType.F32, note -> {}).toFloats())
          .containsExactly(Npy.read(fixture.at("Z.npy"), arena).toFloats());
    }
    assertThat(table).content().startsWith("e0,e1\n").hasLineCount(13);
    Path columns = fixture.at("Z.parquet");
    Outcome.of(fixture.embed("--out", columns.toString())).succeeded();
    try (Arena arena = Arena.host()) {
      Path lists = Path.of(columns + ":embedding");
      assertThat(ArrayFile.read(lists, arena, null, note -> {}).toFloats())
          .containsExactly(Npy.read(fixture.at("Z.npy"), arena).toFloats());
    }
    Outcome.of(fixture.embed("--out", fixture.text("Z.txt")))
        .failed(2, "Z.txt", ".npy or .parquet or .csv or .tsv");
    Outcome.of(fixture.evaluate("--out", fixture.text("m.csv"))).failed(2, "m.csv", ".json");
    Outcome.of(fixture.loss("cosface", "--out", fixture.text("g.npy")))
        .failed(2, "g.npy", "a folder of several files");
    assertThat(fixture.at("g.npy")).doesNotExist();
  }

  @Test
  void pipesAndDevicesAreWrittenThrough() throws Exception {
    Path pipe = fixture.at("pipe");
    assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Outcome.of(fixture.embed()).succeeded();
    CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> bytes(pipe));
    Outcome.of(fixture.embed("--out", pipe.toString())).succeeded();
    assertThat(read.get()).isEqualTo(Files.readAllBytes(z));
    assertThat(Files.isRegularFile(pipe)).isFalse();

    Path none = fixture.at("null");
    Path full = fixture.at("full");
    assumeThat(mknod(none, "3") && mknod(full, "7")).as("devices need root").isTrue();
    Outcome.of(fixture.embed("--out", none.toString())).succeeded();
    Outcome.of(fixture.embed("--out", full.toString())).failed(2, "full", "no space left");
    for (Path device : new Path[] {none, full}) {
      assertThat((int) Files.getAttribute(device, "unix:mode") & 0170000).isEqualTo(0020000);
      Outcome.of(fixture.loss("cosface", "--out", device.toString())).failed(2, "not a folder");
      Outcome.of(fixture.train("--run", device.toString())).failed(2, device.toString());
    }
    Path disk = fixture.at("disk");
    assumeThat(run("mknod", disk.toString(), "b", "7", "250")).isTrue();
    Outcome.of(fixture.embed("--out", disk.toString())).failed(2, "is a disk");
    assertThat(Files.exists(disk, LinkOption.NOFOLLOW_LINKS)).isTrue();
  }

  @Test
  void aMountedFileIsWrittenThrough() throws Exception {
    Path host = Files.writeString(fixture.at("host.npy"), "mine");
    Files.writeString(z, "");
    assumeThat(run("mount", "--bind", host.toString(), z.toString())).as("needs root").isTrue();
    try {
      Outcome.of(fixture.embed(FLAG, "")).succeeded();
      Outcome.of(fixture.embed("--normalize", "")).succeeded();
      assertThat(host).hasBinaryContent(Files.readAllBytes(z));
    } finally {
      assertThat(run("umount", z.toString())).isTrue();
    }
    assertThat(z).hasContent("");
    assertThat(host).content(StandardCharsets.ISO_8859_1).contains("NUMPY");
  }

  /** The bytes alone go to standard output; what is said goes beside them. */
  @Test
  void standardOutputTakesTheBytesAlone() throws IOException {
    Outcome.of(fixture.evaluate()).succeeded();
    Outcome outcome =
        CliProcess.run(folder.resolve("work"), fixture.evaluate("--out", "/dev/stdout"));
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).isEqualTo(Files.readString(fixture.at("metrics.json")));
    assertThat(outcome.err()).contains("r@1");
  }

  @Test
  void aListThatIsNotOursIsRefused() throws IOException {
    Files.createDirectory(out);
    Path list = Files.writeString(out.resolve("vicinal-outputs.json"), "{\"mine\": 1}");
    Outcome.of(fixture.loss("cosface")).failed(2, "vicinal-outputs.json", FLAG);
    assertThat(list).hasContent("{\"mine\": 1}");
    Outcome.of(fixture.loss("cosface", FLAG, "")).succeeded();
  }

  @Test
  void everyCommandThatWritesHasTheFlag() {
    assertThat(flagless(Main.commandLine())).isEmpty();
    assertThat(Outcome.of("demo", "--help").succeeded().out()).contains(FLAG);
  }

  private static List<String> flagless(CommandLine command) {
    List<String> names = new ArrayList<>();
    var spec = command.getCommandSpec();
    if (spec.findOption("--out") != null && spec.findOption(FLAG) == null) {
      names.add(spec.qualifiedName());
    }
    command.getSubcommands().values().forEach(below -> names.addAll(flagless(below)));
    return names;
  }

  private static Object[] with(Object[] command, Object more) {
    Object[] all = Arrays.copyOf(command, command.length + 1);
    all[command.length] = more;
    return all;
  }

  private static byte[] bytes(Path pipe) {
    try {
      return Files.readAllBytes(pipe);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A node with the number of /dev/null or /dev/full: the machine's own are not touched. */
  private static boolean mknod(Path node, String minor) {
    return run("mknod", node.toString(), "c", "1", minor) && Files.isWritable(node);
  }

  private static boolean run(String... command) {
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }
}
