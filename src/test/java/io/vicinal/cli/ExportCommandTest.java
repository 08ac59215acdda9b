package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.data.ArrayFile;
import io.vicinal.data.Names;
import io.vicinal.data.onnx.OnnxRunner;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.nn.Embedder;
import io.vicinal.retrieval.Hits;
import io.vicinal.retrieval.VectorIndex;
import io.vicinal.retrieval.VectorIndex.Metric;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.FSDirectory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
  private static final int ROWS = 400;
  private static final int FEATURES = 24;
  private static final int WIDTH = 8;

  @TempDir private static Path data;
  private static Path run;

  @TempDir private Path folder;

  /** A trained run on clustered rows whose names are nasty. */
  @BeforeAll
  static void train() throws IOException {
    Random random = new Random(3);
    float[] x = new float[ROWS * FEATURES];
    StringBuilder table = new StringBuilder("label,name\n");
    for (int i = 0; i < ROWS; i++) {
      for (int k = 0; k < FEATURES; k++) {
        x[i * FEATURES + k] = (float) random.nextGaussian() + (k % 5 == i % 5 ? 2 : 0);
      }
      table.append("klasse ").append(i % 5).append(",\"").append(name(i).replace("\"", "\"\""));
      table.append("\"\n");
    }
    NpyBytes.floats(data.resolve("x.npy"), x, ROWS, FEATURES);
    Files.writeString(data.resolve("t.csv"), table);
    Files.writeString(
        data.resolve("c.json"),
        "{\"data\": {\"features\": \"x.npy\", \"labels\": \"t.csv:label\","
            + " \"sampleNames\": \"t.csv:name\"}, \"loss\": {\"name\": \"proxy-anchor\"},"
            + " \"head\": {\"embedding\": 8}, \"epochs\": 1, \"compute\": {\"threads\": 1}}");
    run = data.resolve("run");
    Outcome.of("train", "--config", data.resolve("c.json"), "--run", run);
    assertThat(run.resolve("head.safetensors")).exists();
  }

  private static String name(int i) {
    return "d/ä, \"" + i + "\" 日.png";
  }

  private static float[][] embeddings(boolean unit) {
    try (Embedder embedder = Embedder.load(run);
        Arena arena = Arena.host()) {
      float[] x = ArrayFile.read(data.resolve("x.npy"), arena, DType.F32, note -> {}).toFloats();
      float[][] rows = new float[ROWS][];
      for (int i = 0; i < ROWS; i++) {
        rows[i] = embedder.embed(Arrays.copyOfRange(x, i * FEATURES, (i + 1) * FEATURES));
        double square = 0;
        for (float value : rows[i]) {
          square += (double) value * value;
        }
        for (int k = 0; unit && k < rows[i].length; k++) {
          rows[i][k] /= (float) Math.sqrt(square);
        }
      }
      return rows;
    }
  }

  private static FloatBuffer direct(float[] values) {
    return ByteBuffer.allocateDirect(4 * values.length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .put(values)
        .flip();
  }

  // ---- ONNX
  // ----------------------------------------------------------------------------------------

  @Test
  void theModelGivesOurEmbeddings() throws IOException {
    Path file = folder.resolve("head.onnx");
    for (boolean unit : new boolean[] {true, false}) {
      String flag = unit ? "--normalize" : "--no-normalize";
      String out = Outcome.of("export onnx --head % --out % " + flag, run, file).succeeded().out();
      assertThat(out)
          .contains("features [N, 24] to embedding [N, 8]", unit ? "of length 1" : "not normalised")
          .containsPattern("verified in ONNX Runtime on 400 rows of .*run: largest difference \\d");
      float[][] wanted = embeddings(unit);
      try (OnnxRunner runner = new OnnxRunner(file);
          Arena arena = Arena.host()) {
        float[] x = ArrayFile.read(data.resolve("x.npy"), arena, DType.F32, note -> {}).toFloats();
        float[] got = runner.run(direct(x), "embedding", ROWS, FEATURES).values();
        for (int i = 0; i < got.length; i++) {
          assertThat(got[i]).isCloseTo(wanted[i / WIDTH][i % WIDTH], within(unit ? 1e-6f : 1e-5f));
        }
      }
    }
    assertThat(Outcome.of("export onnx --head % --out %", run, file).succeeded().out())
        .contains("of length 1 (as the run's evaluate.normalize)");
    assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
        .contains("klasse 4", "proxy-anchor", "vicinal.head_sha256");
    Path alone = Files.copy(run.resolve("head.safetensors"), folder.resolve("alone.safetensors"));
    assertThat(
            Outcome.of(
                    "export onnx --head % --features % --out %", alone, data.resolve("x.npy"), file)
                .succeeded()
                .out())
        .contains("no run says otherwise");
  }

  /** Pictures in, embedding out, for every way in which the network's output becomes a row. */
  @Test
  void aHeadStandsBehindTheNetworkOfItsFeatures() throws IOException {
    Random random = new Random(0);
    for (String name : List.of("cat", "dög")) {
      Path of = Files.createDirectories(folder.resolve("photos").resolve(name));
      for (int i = 0; i < 8; i++) {
        BufferedImage image = new BufferedImage(12, 12, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < 144; p++) {
          image.setRGB(p % 12, p / 12, random.nextInt());
        }
        ImageIO.write(image, "png", of.resolve(i + ".png").toFile());
      }
    }
    Path model = folder.resolve("model.onnx");
    TinyOnnx.network(model, -1, -1, true);
    Path features = folder.resolve("f");
    Outcome.of(
            "features --images % --model % --run % --output features --size 12"
                + " --mean 0.5,0.25,0.125 --std 0.5,0.2,0.4",
            folder.resolve("photos"), model, features)
        .succeeded();
    Files.writeString(
        folder.resolve("p.json"),
        "{\"data\": {\"features\": \"f\"},"
            + " \"validation\": {\"fraction\": 0}, \"head\": {\"embedding\": 3}, \"epochs\": 1}");
    Path pictured = folder.resolve("run");
    Outcome.of("train --config % --run %", folder.resolve("p.json"), pictured);
    Path file = folder.resolve("whole.onnx");
    String out =
        Outcome.of("export onnx --head % --with-model % --out %", pictured, model, file)
            .succeeded()
            .out();
    assertThat(out)
        .contains("x [N, 3, H, W] to embedding [N, 3], of length 1", "centre crop 12", "random");
    float[] pixels = new float[5 * 3 * 144];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextGaussian();
    }
    try (OnnxRunner runner = new OnnxRunner(file);
        Embedder embedder = Embedder.load(pictured)) {
      float[] got = runner.run(direct(pixels), "embedding", 5, 3, 12, 12).values();
      for (int i = 0; i < 5; i++) {
        double[] picture = new double[3 * 144]; // [H, W, 3]
        for (int k = 0; k < picture.length; k++) {
          picture[k] = pixels[i * 432 + k % 3 * 144 + k / 3];
        }
        double[] row = TinyOnnx.features(picture, 12);
        float[] narrow = new float[row.length];
        for (int k = 0; k < row.length; k++) {
          narrow[k] = (float) row[k];
        }
        float[] wanted = embedder.embed(narrow);
        double square = 0;
        for (float value : wanted) {
          square += value * value;
        }
        for (int k = 0; k < 3; k++) {
          assertThat(got[3 * i + k])
              .isCloseTo((float) (wanted[k] / Math.sqrt(square)), within(3e-6f));
        }
      }
    }
    Path index = folder.resolve("i.faiss");
    Outcome.of("export faiss --head % --features % --out %", pictured, features, index).succeeded();
    assertThat(Names.read(Path.of(folder.resolve("i.csv") + ":name")).list())
        .contains("cat/0.png", "dög/7.png");
    assertThat(Names.read(Path.of(folder.resolve("i.csv") + ":label")).get(15)).isEqualTo("dög");
    Path other = folder.resolve("other.onnx");
    TinyOnnx.other(other, 12);
    Outcome.of("export onnx --head % --with-model % --out % --overwrite", pictured, other, file)
        .failed(2, "other.onnx: is not the model that made the features", "model.onnx");
    assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
        .contains("vicinal.features.model_sha256");
  }

  // ---- FAISS
  // ---------------------------------------------------------------------------------------

  private static double recall(String out) {
    Matcher matcher = Pattern.compile("recall@10 ([01]\\.\\d{4})").matcher(out);
    assertThat(matcher.find()).as(out).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  private interface Search {
    long[] nearest(float[] vector, int count) throws IOException;
  }

  /** The share of the exact ten that is found, by plain loops. */
  private static double recall(float[][] rows, Search search) throws IOException {
    long found = 0;
    for (int q = 0; q < rows.length; q++) {
      float[] query = rows[q];
      int self = q;
      double[] distances = new double[rows.length];
      for (int i = 0; i < rows.length; i++) {
        for (int k = 0; k < query.length; k++) {
          distances[i] += Math.pow((double) query[k] - rows[i][k], 2);
        }
      }
      Set<Long> exact = new HashSet<>();
      IntStream.range(0, rows.length)
          .filter(i -> i != self)
          .boxed()
          .sorted(Comparator.comparingDouble(i -> distances[i]))
          .limit(10)
          .forEach(i -> exact.add((long) i));
      List<Long> list = new ArrayList<>();
      for (long id : search.nearest(query, 11)) {
        list.add(id);
      }
      list.remove((long) q);
      found += list.stream().limit(10).filter(exact::contains).count();
    }
    return found / 10.0 / rows.length;
  }

  @Test
  void anIndexOfFaissSaysWhatItFinds() throws IOException {
    Path file = folder.resolve("i.faiss");
    Map<String, Double> found = new TreeMap<>();
    for (String kind : List.of("Flat", "HNSW2 --ef-search 4", "IVF40,Flat --nprobe 2")) {
      for (boolean unit : new boolean[] {true, false}) {
        String flag = unit ? " --normalize" : " --no-normalize";
        String out =
            Outcome.of("export faiss --head % --out % --index " + kind + flag, run, file)
                .succeeded()
                .out();
        assertThat(out)
            .contains(kind.split(" ")[0] + ", 400 rows of 8 numbers")
            .contains(unit ? "cosine" : "squared Euclidean distance");
        float[][] rows = embeddings(unit);
        try (VectorIndex index = VectorIndex.load(file);
            VectorIndex imported = VectorIndex.importFaiss(file)) {
          assertThat(index.metric()).isEqualTo(unit ? Metric.COSINE : Metric.L2);
          assertThat(index.size()).isEqualTo(ROWS).isEqualTo(imported.size());
          double value =
              recall(
                  rows,
                  (vector, count) -> {
                    Hits hits = index.search(vector, count);
                    return hits.ids();
                  });
          assertThat(recall(out)).isCloseTo(value, within(2e-4));
          found.put(kind + unit, value);
        }
      }
    }
    assertThat(found.get("Flattrue")).isGreaterThan(0.9999);
    assertThat(found.values().stream().filter(v -> v < 0.95)).hasSizeGreaterThan(1);
    Path table = folder.resolve("i.csv");
    assertThat(Names.read(Path.of(table + ":name")).list())
        .containsExactlyElementsOf(IntStream.range(0, ROWS).mapToObj(i -> name(i)).toList());
    assertThat(Names.read(Path.of(table + ":label")).list())
        .containsExactlyElementsOf(
            IntStream.range(0, ROWS).mapToObj(i -> "klasse " + i % 5).toList());
    assertThat(table).content().startsWith("id,name,label\n0,");

    // Other rows, of which less is known: the table that is not written is gone.
    NpyBytes.random(folder.resolve("g.npy"), 9, 1, FEATURES);
    String one =
        Outcome.of("export faiss --head % --features % --out %", run, folder.resolve("g.npy"), file)
            .succeeded()
            .out();
    assertThat(one).contains("1 row of 8 numbers", "no recall");
    assertThat(table).doesNotExist();
  }

  // ---- Lucene
  // --------------------------------------------------------------------------------------

  private static long[] nearest(IndexSearcher searcher, float[] vector, int count, int candidates)
      throws IOException {
    var query = new KnnFloatVectorQuery("vector", vector, Math.max(count, candidates));
    ScoreDoc[] found = searcher.search(query, count).scoreDocs;
    long[] ids = new long[found.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Long.parseLong(searcher.storedFields().document(found[i].doc).get("id"));
    }
    return ids;
  }

  @Test
  void anIndexOfLuceneHasRowsAndNames() throws IOException {
    Path index = folder.resolve("lucene");
    for (boolean unit : new boolean[] {true, false}) {
      String flag = unit ? " --normalize" : " --no-normalize";
      String out =
          Outcome.of("export lucene --head % --out % --candidates 1" + flag, run, index)
              .succeeded()
              .out();
      float[][] rows = embeddings(unit);
      try (FSDirectory directory = FSDirectory.open(index);
          DirectoryReader reader = DirectoryReader.open(directory)) {
        assertThat(reader.leaves()).hasSize(1);
        LeafReader leaf = reader.leaves().get(0).reader();
        assertThat(leaf.getFieldInfos().fieldInfo("vector").getVectorSimilarityFunction())
            .isEqualTo(
                unit ? VectorSimilarityFunction.DOT_PRODUCT : VectorSimilarityFunction.EUCLIDEAN);
        FloatVectorValues vectors = leaf.getFloatVectorValues("vector");
        for (int doc = 0; doc < ROWS; doc++) {
          Document document = reader.storedFields().document(doc);
          int id = Integer.parseInt(document.get("id"));
          assertThat(document.get("name")).isEqualTo(name(id));
          assertThat(document.get("label")).isEqualTo("klasse " + id % 5);
          assertThat(vectors.advance(doc)).isEqualTo(doc);
          assertThat(vectors.vectorValue()).containsExactly(rows[id], within(1e-6f));
        }
        IndexSearcher searcher = new IndexSearcher(reader);
        double value = recall(rows, (vector, count) -> nearest(searcher, vector, count, 1));
        assertThat(recall(out)).isCloseTo(value, within(5e-4));
        assertThat(out).contains("400 documents with a vector of 8", "with 11 candidates");
      }
    }
  }

  @Test
  void aFolderIsReplacedOnlyIfItIsOurIndex() throws IOException {
    Path index = folder.resolve("lucene");
    String line = "export lucene --head % --out %";
    Outcome.of(line, run, index).succeeded();
    try (FSDirectory directory = FSDirectory.open(index);
        DirectoryReader reader = DirectoryReader.open(directory)) {
      Outcome.of(line, run, index).succeeded();
      assertThat(reader.storedFields().document(7).get("name")).as("who reads goes on").isNotNull();
    }
    try (FSDirectory directory = FSDirectory.open(index);
        IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
      writer.addDocument(new Document());
    }
    Outcome.of(line, run, index).failed(2, "changed since", "--overwrite");
    Outcome.of(line + " --overwrite", run, index).succeeded();
    Files.writeString(index.resolve("mine.txt"), "mine");
    Outcome.of(line + " --overwrite", run, index).failed(2, "holds other files", "new folder");
    Outcome.of(line, run, data.resolve("x.npy")).failed(2, "x.npy: is not a folder");
    // What a killed process leaves while it copies: files without a commit.
    Path half = Files.createDirectory(folder.resolve("half"));
    Files.writeString(half.resolve("_0.cfs"), "half");
    Files.writeString(half.resolve("write.lock"), "");
    Outcome.of(line, run, half).succeeded();
    try (FSDirectory directory = FSDirectory.open(half);
        DirectoryReader reader = DirectoryReader.open(directory)) {
      assertThat(reader.numDocs()).isEqualTo(ROWS);
    }
    // What begins as Lucene's files do is somebody's all the same.
    for (String name : List.of("_index.md", "_site.doc", "_0.cfs")) {
      Path notes = Files.createDirectory(folder.resolve("with " + name)).resolve(name);
      Files.writeString(notes, "mine");
      Outcome.of(line, run, notes.getParent()).failed(2, "index's; name a new folder");
      Outcome.of(line + " --overwrite", run, notes.getParent()).failed(2, "new folder");
      assertThat(notes).hasContent("mine");
    }
    Path site = folder.resolve("site");
    Outcome.of(line, run, site).succeeded();
    Files.writeString(site.resolve("_index.md"), "mine");
    Outcome.of(line + " --overwrite", run, site).failed(2, "holds other files");
    assertThat(site.resolve("_index.md")).hasContent("mine");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.startsWith(".vicinal-tmp"));
    }
  }

  // ---- what is wrong
  // ---------------------------------------------------------------------------------

  @Test
  void whatCannotBeExportedIsASentence() throws IOException {
    Path onnx = folder.resolve("h.onnx");
    Path faiss = folder.resolve("h.faiss");
    Path lucene = folder.resolve("h");
    Path features = folder.resolve("f.npy");
    String onnxLine = "export onnx --head % --out %";
    Outcome.of(onnxLine, run, folder.resolve("h.pb")).failed(2, "h.pb", ".onnx");
    Outcome.of(onnxLine + " --tolerance 0", run, onnx).failed(2, "--tolerance", "row");
    Outcome.of(onnxLine + " --normalize --no-normalize", run, onnx).failed(2, "contradict");
    Outcome.of(onnxLine + " --with-model %", run, onnx, folder.resolve("m.onnx"))
        .failed(2, "--with-model", "vicinal features");
    Outcome.of("export faiss --head % --out %", run, folder.resolve("h.index"))
        .failed(2, "h.index", ".faiss");
    Outcome.of("export faiss --head % --out % --index LSH", run, faiss).failed(2, "LSH", "HNSW32");
    Outcome.of("export faiss --head % --out % --k 0", run, faiss).failed(2, "--k", "1 or more");
    Outcome.of("export faiss --head % --out % --nprobe 2", run, faiss).failed(2, "nprobe", "Flat");
    Outcome.of("export lucene --head % --out % --candidates 0", run, lucene)
        .failed(2, "--candidates");
    NpyBytes.random(features, 1, 5, FEATURES + 1);
    float[] zeros = new float[2 * FEATURES];
    zeros[3] = 1;
    NpyBytes.floats(folder.resolve("z.npy"), zeros, 2, FEATURES);
    zeros[30] = Float.NaN;
    NpyBytes.floats(folder.resolve("nan.npy"), zeros, 2, FEATURES);
    for (var target : Map.of("onnx", onnx, "faiss", faiss, "lucene", lucene).entrySet()) {
      String line = "export " + target.getKey() + " --head % --out % --features %";
      Outcome.of(line, run, target.getValue(), features)
          .failed(2, "f.npy: has 25 columns", "head.safetensors takes 24");
      Outcome.of(line, run, target.getValue(), folder.resolve("nan.npy"))
          .failed(2, "nan.npy: NaN at [1, 6]", "repair");
      Outcome.of(line, folder, target.getValue(), features)
          .failed(2, "holds no head.safetensors", "name a run folder");
      assertThat(target.getValue()).doesNotExist();
    }
    Path head = folder.resolve("plain.safetensors");
    int bytes = 4 * 2 * FEATURES;
    Files.write(
        head,
        Fixture.safetensors(
            "{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,24],\"data_offsets\":[0,192]}}", bytes));
    for (String line :
        new String[] {"export faiss --head % --out %", "export lucene --head % --out %"}) {
      Path target = line.contains("faiss") ? faiss : lucene;
      Outcome.of(line + " --features %", head, target, folder.resolve("z.npy"))
          .failed(2, "z.npy: row 1", "length 0", "--no-normalize");
      Outcome.of(line, head, target).failed(2, "--features", "plain.safetensors");
    }
    Outcome.of("export onnx --head % --features % --out %", head, folder.resolve("z.npy"), onnx)
        .succeeded();
    Files.writeString(faiss, "mine");
    Outcome.of("export faiss --head % --out %", run, faiss).failed(2, "h.faiss", "--overwrite");
    assertThat(faiss).hasContent("mine");
    Path elsewhere = Files.move(data.resolve("x.npy"), data.resolve("moved.npy"));
    Outcome.of(onnxLine, run, onnx).failed(2, "x.npy", "--features");
    Files.move(elsewhere, data.resolve("x.npy"));
    Path begun = Files.createDirectory(folder.resolve("begun"));
    Files.copy(run.resolve("config.json"), begun.resolve("config.json"));
    Outcome.of(onnxLine, begun, onnx).failed(2, "holds no head.safetensors", "--resume");
  }
}
