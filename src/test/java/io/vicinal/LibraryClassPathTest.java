package io.vicinal;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.cli.Launch;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.Rows;
import io.vicinal.data.TableFile;
import io.vicinal.data.onnx.OnnxHead;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.report.Projections;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.train.TrainedHead;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingOptions;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What a program gets that depends on io.vicinal:vicinal: the library, without the optional parts.
 */
class LibraryClassPathTest {
  /** What progressbar brings. */
  private static final String INDIRECT = "jline";

  /** Runs in a process of its own. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) throws Exception {
      int loaded = 0;
      for (String name : classes(Path.of(args[0]))) {
        Class.forName(name); // verified and initialised
        loaded++;
      }
      System.out.println("loaded " + loaded);
      float[][] x = new float[60][4];
      int[] y = new int[60];
      for (int i = 0; i < 60; i++) {
        y[i] = i % 2;
        x[i] = new float[] {y[i], 1 - y[i], i % 7 * 0.1f, i % 5 * 0.1f};
      }
      TrainingOptions options = TrainingOptions.of(new ProxyAnchor()).embedding(2).batch(10);
      try (TrainedHead trained = Trainer.train(Rows.of(x), ClassLabels.of(y), options);
          var embedder = trained.embedder();
          Backend backend = Backend.cpu()) {
        System.out.println(
            new Evaluator(backend)
                .evaluate(
                    Rows.of(embedder.embed(x)), ClassLabels.of(y), EvaluationOptions.of("r@1,nmi"))
                .values());
      }
      refused(() -> Backend.open("cuda"));
      refused(() -> Projections.umap(new double[20][2], 0));
      refused(() -> new TableFile(0).write(Path.of("x.parquet")));
      try (Arena arena = Arena.host()) {
        OnnxHead head = new OnnxHead(arena.of(new float[] {1}, 1, 1), null, true, Map.of());
        refused(() -> head.write(Path.of("never.onnx")));
      }
      Launch.main(new String[] {"list"});
    }

    private static void refused(Runnable call) {
      try {
        call.run();
        System.out.println("not refused");
      } catch (InputException e) {
        System.out.println(e.getMessage());
      }
    }

    private static List<String> classes(Path root) throws IOException {
      try (Stream<Path> files = Files.walk(root)) {
        return files
            .map(file -> root.relativize(file).toString())
            .filter(file -> file.endsWith(".class") && !file.startsWith("io/vicinal/cli/"))
            .filter(file -> !file.startsWith("io/vicinal/data/Parquet")) // they extend Apache's
            .map(file -> file.substring(0, file.length() - 6).replace('/', '.'))
            .toList();
      }
    }
  }

  /** The artifacts that pom.xml calls optional. */
  private static List<String> optional() throws IOException {
    return Pattern.compile(
            "<artifactId>([^<]+)</artifactId>\\s*<version>[^<]+</version>\\s*"
                + "(<classifier>[^<]+</classifier>\\s*)?<optional>true</optional>")
        .matcher(Files.readString(Path.of("pom.xml")))
        .results()
        .map(found -> found.group(1))
        .distinct()
        .toList();
  }

  @Test
  void theLibraryWorksAndTheOthersSayWhatToAdd() throws IOException, InterruptedException {
    List<String> optional = optional();
    assertThat(optional)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(OptionalLibrary.values())
                .map(library -> library.artifact().split(":")[1])
                .toList());
    List<String> dropped = new ArrayList<>();
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                entry -> {
                  String name = Path.of(entry).getFileName().toString();
                  boolean drop =
                      name.startsWith(INDIRECT)
                          || name.equals("cuda") // the GPU's library of this checkout
                          || optional.stream().anyMatch(one -> name.startsWith(one + "-"));
                  if (drop) {
                    dropped.add(name);
                  }
                  return !drop;
                })
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(dropped).hasSizeGreaterThan(optional.size());
    assertThat(Arrays.stream(OptionalLibrary.values()).allMatch(OptionalLibrary::present)).isTrue();
    String root = Path.of("target", "classes").toString();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.bytedeco.javacpp.cachedir=" + Path.of("target", "javacpp-cache"),
                "-cp",
                classPath,
                Probe.class.getName(),
                root)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    List<String> lines = output.lines().toList();
    assertThat(process.waitFor()).as(output).isEqualTo(2);
    assertThat(lines).as(output).hasSize(7);
    assertThat(Integer.parseInt(lines.get(0).substring(7))).isGreaterThan(250);
    assertThat(lines.get(1)).contains("r@1=1.0");
    assertThat(lines.get(2))
        .startsWith("device: cuda cannot be used: ")
        .contains("add " + OptionalLibrary.CUDA.artifact())
        .contains("libvicinal_cuda.so is not on the class path");
    assertThat(lines.get(3))
        .isEqualTo(
            "UMAP needs a library that is not on the class path: add "
                + OptionalLibrary.UMAP.artifact());
    assertThat(lines.get(4))
        .isEqualTo(
            "a Parquet file needs libraries that are not on the class path: add "
                + OptionalLibrary.PARQUET.artifact()
                + ", "
                + OptionalLibrary.PARQUET_FORMAT.artifact()
                + ", "
                + OptionalLibrary.COMPRESSION.artifact());
    assertThat(lines.get(5))
        .isEqualTo(
            "writing a model in ONNX's format needs a library that is not on the class path: add "
                + OptionalLibrary.PROTOBUF.artifact());
    assertThat(lines.get(6))
        .startsWith("vicinal: the command line needs libraries")
        .contains(OptionalLibrary.PICOCLI.artifact(), OptionalLibrary.PROGRESS_BAR.artifact());
  }
}
