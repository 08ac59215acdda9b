package io.vicinal.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.cli.Main;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.data.Rows;
import io.vicinal.data.TableFile;
import io.vicinal.data.onnx.OnnxHead;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Relabelled;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.program.Executable;
import io.vicinal.program.Graph;
import io.vicinal.program.Program;
import io.vicinal.retrieval.CloseHashes;
import io.vicinal.retrieval.ClosePairs;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.retrieval.VectorIndex;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.TrainResult;
import io.vicinal.train.TrainedHead;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the documentation are this package's sources, and they work. */
class LibraryUseTest {
  @TempDir private Path folder;

  @Test
  void whatACollectionHasTwiceIsFound() throws IOException {
    float[] features = {1, 2, 3, 4, 0, -1, 2, 4.1f, 6};
    try (Arena arena = Arena.host()) {
      Npy.write(folder.resolve("features.npy"), arena.of(features, 3, 3));
    }
    ClosePairs rows = DuplicatesUse.rows(folder.resolve("features.npy"));
    assertThat(rows.first()).containsExactly(0);
    assertThat(rows.second()).containsExactly(2);
    BufferedImage picture = new BufferedImage(80, 60, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 4800; i++) {
      int dx = i % 80 - 25;
      int dy = i / 80 - 20;
      int grey = Math.min(255, (dx * dx + dy * dy) / 9);
      picture.setRGB(i % 80, i / 80, grey * 0x010101);
    }
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    ImageIO.write(picture, "png", pictures.resolve("a.png").toFile());
    ImageIO.write(picture, "jpeg", pictures.resolve("b.jpg").toFile());
    ImageIO.write(picture.getSubimage(0, 0, 40, 30), "png", pictures.resolve("c.png").toFile());
    CloseHashes alike = DuplicatesUse.pictures(pictures);
    assertThat(alike.first()).containsExactly(0);
    assertThat(alike.second()).containsExactly(1);
  }

  @Test
  void aNetworksFirstLayersBecomeAProgram() {
    Program layers = new Program(Map.of("features", FirstLayersUse.features(new Graph())));
    assertThat(layers.toString()).contains("conv ").contains("pool_argmax ");
  }

  @Test
  void halfOfTheClassesTrain(@TempDir Path photos) throws IOException {
    for (String name : List.of("jay", "kite", "lark", "wren")) {
      Path one = Files.createDirectories(photos.resolve("train").resolve(name));
      Files.copy(Path.of("src/test/resources/images/rgb.png"), one.resolve("1.png"));
    }
    assertThat(DatasetUse.training(photos).values()).containsExactly("jay", "kite");
  }

  @Test
  void picturesComeAsTrainingSeesThem(@TempDir Path photos) throws IOException {
    for (String name : List.of("420.jpg", "rgb.png")) {
      Files.copy(Path.of("src/test/resources/images", name), photos.resolve(name));
    }
    List<String> shapes = new ArrayList<>();
    PicturesUse.epoch(
        photos,
        List.of(new long[] {1, 0}, new long[] {1}),
        7,
        1,
        x -> shapes.add(Arrays.toString(x.shape().dims())));
    assertThat(shapes).containsExactly("[2, 224, 224, 3]", "[1, 224, 224, 3]");
  }

  @Test
  void trainsAnEmbeddingThatRetrievesBetterThanItsFeatures() {
    String[] y = LibraryUse.labels(300);
    float[][] test = LibraryUse.features(300, 8);
    double raw;
    try (Backend backend = Backend.cpu()) {
      EvaluationOptions options = EvaluationOptions.of("map@r").withNormalize(true);
      raw =
          new Evaluator(backend).evaluate(Rows.of(test), ClassLabels.of(y), options).value("map@r");
    }
    Evaluation after = LibraryUse.trainAndEvaluate(LibraryUse.features(300, 7), y, test, y);
    assertThat(after.value("map@r")).isGreaterThan(raw + 0.05);
    assertThat(after.value("r@1")).isBetween(0.5, 1.0);
  }

  private static float[] flat(float[][] rows) {
    FloatBuffer all = FloatBuffer.allocate(rows.length * rows[0].length);
    Arrays.stream(rows).forEach(all::put);
    return all.array();
  }

  @Test
  void theMainMethodPrintsTheMetrics() {
    PrintStream console = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true));
    try {
      LibraryUse.main(new String[0]);
    } finally {
      System.setOut(console);
    }
    assertThat(printed.toString()).matches("\\{r@1=0\\.\\d+, map@r=0\\.\\d+}\\s*");
  }

  @Test
  void aFolderIsTrainedAndServed() {
    float[] x = flat(LibraryUse.features(300, 7));
    int[] y = IntStream.range(0, 300).map(i -> i % 3).toArray();
    FloatBuffer features = FloatBuffer.wrap(x);
    TrainResult first = RunFolderUse.train(features, 12, y, folder);
    assertThat(first.head()).exists();
    assertThat(RunFolderUse.train(features, 12, y, folder)).isEqualTo(first);
    try (ServingUse service = new ServingUse(folder, features)) {
      int found =
          IntStream.range(0, 300)
              .parallel()
              .map(
                  i -> {
                    long[] near = service.similar(Arrays.copyOfRange(x, 12 * i, 12 * i + 12), 2);
                    assertThat(near).hasSize(2).contains(i);
                    return y[(int) (near[0] == i ? near[1] : near[0])] == y[i] ? 1 : 0;
                  })
              .sum();
      assertThat(found).isGreaterThan(200); // chance is 100
    }
  }

  /** What {@code vicinal export} writes is used without Vicinal. */
  @Test
  void anExportedHeadAndItsIndexAreServed() throws Exception {
    float[][] rows = LibraryUse.features(60, 7);
    Path model = folder.resolve("head.onnx");
    Path catalogue = folder.resolve("catalogue");
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu()) {
      TrainingOptions options = TrainingOptions.of(new ProxyAnchor()).embedding(8).epochs(2);
      try (TrainedHead head =
          Trainer.train(Rows.of(rows), ClassLabels.of(LibraryUse.labels(60)), options)) {
        new OnnxHead(head.head().weight(), head.head().bias(), true, Map.of()).write(model);
        head.save(folder.resolve("head.safetensors"));
        float[][] served;
        try (OnnxServingUse service = new OnnxServingUse(model)) {
          served = service.embed(rows);
        }
        Tensor ours = head.head().embed(backend, Rows.of(rows).to(arena), arena);
        backend.normalizeRows(ours, ours);
        for (int i = 0; i < 60; i++) {
          for (int k = 0; k < 8; k++) {
            assertThat((double) served[i][k]).isCloseTo(ours.at(8 * i + k), within(1e-6));
          }
        }
        Npy.write(folder.resolve("x.npy"), Rows.of(rows).to(arena));
        Files.write(
            folder.resolve("names.txt"), IntStream.range(0, 60).mapToObj(i -> "n" + i).toList());
        Files.write(
            folder.resolve("y.txt"), IntStream.range(0, 60).mapToObj(i -> "c" + i % 2).toList());
        String[] words = {
          "export",
          "lucene",
          "--head",
          folder.resolve("head.safetensors").toString(),
          "--features",
          folder.resolve("x.npy").toString(),
          "--labels",
          folder.resolve("y.txt").toString(),
          "--sample-names",
          folder.resolve("names.txt").toString(),
          "--out",
          catalogue.toString()
        };
        assertThat(Main.commandLine().setOut(new PrintWriter(new StringWriter())).execute(words))
            .isZero();
        try (LuceneUse index = new LuceneUse(catalogue)) {
          assertThat(index.similar(served[42], 5, null)).hasSize(5).startsWith("n42");
          assertThat(index.similar(served[42], 5, "c1"))
              .hasSize(5)
              .doesNotContain("n42")
              .allMatch(name -> Integer.parseInt(name.substring(1)) % 2 == 1);
        }
      }
    }
  }

  @Test
  void trainingsRunSideBySide() throws Exception {
    Rows x = Rows.of(LibraryUse.features(300, 7));
    ClassLabels y = ClassLabels.of(LibraryUse.labels(300));
    TrainingOptions options =
        TrainingOptions.of(new ProxyAnchor()).embedding(8).batch(32).epochs(30).validation(0.3);
    List<Double> values = ThreadsUse.validation(x, y, options, 0, 0.01, 0.01);
    assertThat(values.get(1)).isEqualTo(values.get(2)).isGreaterThan(values.get(0));
  }

  @Test
  void aCatalogueIsSearched() {
    float[][] rows = LibraryUse.features(300, 7);
    long[] products = IntStream.range(0, 300).mapToLong(i -> 1000 + i).toArray();
    SearchUse.build(rows, products, folder.resolve("catalogue"));
    assertThat(SearchUse.find(folder.resolve("catalogue"), rows[42], 5))
        .hasSize(5)
        .startsWith(1042);
  }

  @Test
  void aFileOfRowsIsSearchedByName() throws IOException {
    float[][] rows = LibraryUse.features(300, 7);
    Path file = folder.resolve("rows.npy");
    try (Arena arena = Arena.host()) {
      Npy.write(file, arena.of(flat(rows), 300, 12));
    }
    Path names = folder.resolve("skus.txt");
    Files.write(names, IntStream.range(0, 300).mapToObj(i -> "sku-" + i).toList());
    assertThat(CatalogueUse.rows(file).count()).isEqualTo(300);
    try (VectorIndex index = CatalogueUse.index(file)) {
      assertThat(CatalogueUse.find(index, names, rows[42], 999)).hasSize(300);
      assertThat(CatalogueUse.find(index, names, rows[42], 2).get(0)).startsWith("sku-42 ");
    }
    Path table = folder.resolve("t.csv");
    Files.writeString(table, "sku,a,b\nx,1,0\ny,0,1\n");
    try (VectorIndex index = CatalogueUse.index(table)) {
      Path column = Path.of(table + ":sku");
      assertThat(CatalogueUse.find(index, column, new float[] {0, 2}, 1)).containsExactly("y 1.0");
    }
  }

  @Test
  void scoresEveryTrainingSampleForAWrongNeighbour() {
    DigitRows digits = DigitRows.first(400);
    long[] labels = Arrays.stream(digits.labels()).map(y -> 10 + y % 5).toArray();
    TrainingOptions options = TrainingOptions.of(new NormalizedSoftmax()).embedding(4).epochs(5);
    try (Arena arena = Arena.host()) {
      Tensor all = arena.of(digits.pixels(), 400, 64);
      Tensor y = arena.of(labels, 400);
      FeatureSet data = new FeatureSet(all.rows(0, 300), y.rows(0, 300), "training");
      FeatureSet test = new FeatureSet(all.rows(300, 400), y.rows(300, 400), "test");
      Rows rows = Rows.of(all.rows(0, 300).toFloats(), 64);
      ClassLabels classes = ClassLabels.of(Arrays.copyOf(labels, 300));
      try (TrainedHead head = Trainer.train(rows, classes, options)) {
        int trained = head.samples().length;
        assertThat(trained).as("a tenth is held out").isEqualTo(270);
        List<Attribution.SampleEffect> blamed = InfluenceUse.blame(head, data, test);
        Attributions found;
        try (Explainer explainer = Explainer.of(head, data, test)) {
          found = explainer.explain(explainer.confused(1));
          Attribution main = found.main();
          assertThat(found.queries()).hasSize(1);
          assertThat(main.row(0))
              .hasSize(trained)
              .isEqualTo(
                  Estimators.of("if")
                      .scores(explainer.explanation(), found.queries(), Progress.NONE)
                      .values()[0]);
          assertThat(main.diagnostics().get(0).residual()).isLessThan(1e-3);
          assertThat(main.harmful(0, 3)).hasSize(3).isEqualTo(blamed);
          Attribution.SampleEffect worst = blamed.get(0);
          assertThat(worst.position()).isEqualTo(head.samples()[worst.row()]);
          assertThat(worst.score()).isPositive().isEqualTo(main.row(0)[worst.row()]);
          assertThat(main.helpful(0, 3)).hasSize(3);
        }
        assertThat(Attribution.class.getRecordComponents())
            .as("scores of many queries would fill the heap")
            .noneMatch(component -> component.getType() == double[][].class);
        assertThatThrownBy(() -> found.main().row(0)).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void wrongLabelsAreFoundAndActedOn() {
    DigitRows digits = DigitRows.first(400);
    long[] y = Arrays.copyOf(digits.labels(), 300);
    long[] wrong = y.clone();
    int[] ids = IntStream.range(0, 10).map(i -> 29 * i).toArray();
    IntStream.of(ids).forEach(i -> wrong[i] = (y[i] + 1) % 10);
    Rows x = Rows.of(Arrays.copyOf(digits.pixels(), 300 * 64), 64);
    Rows others = Rows.of(Arrays.copyOfRange(digits.pixels(), 300 * 64, 400 * 64), 64);
    long[] testLabels = Arrays.copyOfRange(digits.labels(), 300, 400);
    TrainingOptions options =
        TrainingOptions.of(new NormalizedSoftmax()).embedding(4).batch(32).epochs(5).validation(0);
    try (Arena arena = Arena.host();
        TrainedHead head = Trainer.train(x, ClassLabels.of(wrong), options)) {
      FeatureSet training = FeatureSet.of(arena, x, ClassLabels.of(wrong), "training");
      FeatureSet test = FeatureSet.of(arena, others, ClassLabels.of(testLabels), "test");
      long[] cleaned = CurationUse.cleaned(head, training, test);
      assertThat(IntStream.range(0, 300).filter(i -> cleaned[i] == y[i]).count())
          .isGreaterThan(290 + 3);
      Relabelled repaired = CurationUse.repaired(head, training, test);
      assertThat(repaired.cleaned().galleryRecall())
          .isGreaterThan(repaired.given().galleryRecall() - 0.05);
      assertThat(CurationUse.reweighted(head, training, test).rows().get("if")).hasSize(3);
      assertThat(CurationUse.studied(head, training, test).field().changed()).isBetween(5L, 150L);
    }
  }

  /** A loss that ignores its vectors' lengths has H x = -g. */
  @Test
  void aProgramIsDifferentiatedTwice() {
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu();
        Executable run = new Executable(backend, ProgramUse.gradient())) {
      Tensor x = arena.of(new double[] {1, 2, 3, -1, 0, 2}, 3, 2);
      double[] g = run.run(arena, Map.of("embedding", x)).get("gradient.embedding").toDoubles();
      double[] product = ProgramUse.product(arena, x, x).toDoubles();
      for (int i = 0; i < g.length; i++) {
        assertThat(product[i]).isCloseTo(-g[i], within(1e-12));
      }
      assertThat(Arrays.stream(g).map(Math::abs).max().orElseThrow()).isGreaterThan(0.01);
    }
  }

  /**
   * Whatever Java a page shows is a class of this package, whole, and the tests above run it.
   * ExtendingPageTest runs a page that is a project of its own.
   */
  @Test
  void columns() {
    Path file = folder.resolve("e.parquet");
    Path out = folder.resolve("n.parquet");
    try (Arena arena = Arena.host()) {
      new TableFile(3)
          .texts("name", row -> "sku-" + row)
          .matrix("embedding", arena.of(new float[] {0, 0, 0, 1, 5, 5}, 3, 2))
          .write(file);
      ColumnsUse.neighbours(file, 2, out);
      assertThat(
              ArrayFile.read(Path.of(out + ":query..distance"), arena, DType.F64, note -> {})
                  .toDoubles())
          .containsExactly(
              0, 1, 1, 1, 0, 2, 2, 50, 1, 1, 0, 1, 1, 2, 2, 41, 2, 1, 1, 41, 2, 2, 0, 50);
      assertThat(Names.read(Path.of(out + ":neighbour_name")).get(4)).isEqualTo("sku-1");
    }
  }

  @Test
  void everyJavaBlockOfThePagesIsASourceOfThisPackage() throws IOException {
    Map<String, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.list(Path.of("src/test/java/io/vicinal/example"))) {
      for (Path file : files.filter(f -> f.toString().endsWith("Use.java")).toList()) {
        String source = Files.readString(file).replaceFirst("package [^;]+;\n\n", "");
        sources.put(source, file.getFileName().toString());
      }
    }
    Set<String> shown = new TreeSet<>();
    for (Path page : pages()) {
      for (String block : blocks(page, "java")) {
        assertThat(sources).as("a java block of " + page).containsKey(block);
        shown.add(sources.get(block));
      }
    }
    assertThat(shown).containsExactlyInAnyOrderElementsOf(sources.values());
  }

  /** There is no Kotlin compiler here: at least the names must exist. */
  @Test
  void theKotlinOfThePagesImportsWhatThereIs() throws Exception {
    List<String> kotlin = blocks(Path.of("docs/kotlin.md"), "kotlin");
    assertThat(kotlin).isNotEmpty();
    for (String block : kotlin) {
      List<String> imports =
          block.lines().filter(l -> l.startsWith("import ")).map(l -> l.substring(7)).toList();
      assertThat(imports).isNotEmpty();
      for (String name : imports) {
        Class.forName(name);
      }
    }
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("docs"))) {
      return Stream.concat(Stream.of(Path.of("README.md")), files)
          .filter(file -> file.toString().endsWith(".md") && !file.endsWith("extending.md"))
          .toList();
    }
  }

  private static List<String> blocks(Path page, String language) throws IOException {
    return Pattern.compile("```" + language + "\n(.*?)```\n", Pattern.DOTALL)
        .matcher(Files.readString(page))
        .results()
        .map(found -> found.group(1))
        .toList();
  }
}
