package io.vicinal.cli.export;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.HeadFile;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.cli.export.HeadOptions.Opened;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.InputFile;
import io.vicinal.data.onnx.OnnxHead;
import io.vicinal.data.onnx.OnnxModel;
import io.vicinal.data.onnx.OnnxModel.Input;
import io.vicinal.data.onnx.OnnxModel.Pool;
import io.vicinal.data.onnx.OnnxRunner;
import io.vicinal.data.onnx.OnnxRunner.Result;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal export onnx}: a head as a model, alone or behind the one that made features. */
@Command(
    name = "onnx",
    sortOptions = false,
    header = "Write a trained head as a model in ONNX's format.",
    description = {
      "",
      "Input 'features' [N, D], output 'embedding' [N, d], float32, N open; operator set 11, which",
      "runtimes from 2019 on read. Before the file takes its name ONNX Runtime computes rows of the",
      "data with it, and the largest difference from our own embeddings is printed.",
      "With --with-model the head stands behind the model that made the features, in one file that",
      "takes prepared pictures.",
      ""
    },
    footer = {"", "Example:", "  vicinal export onnx --head runs/first --out head.onnx"})
final class OnnxExportCommand implements Callable<Integer> {
  private static final int ROWS = 4096;
  private static final int BATCH = 512;
  private static final int PICTURES = 2;
  private static final int SIDE = 224;
  private static final Pattern SQUARE = Pattern.compile("(?:crop|square,) (\\d+),");

  @Spec private CommandSpec spec;

  @Mixin private HeadOptions options;

  @Option(
      names = "--with-model",
      paramLabel = "MODEL.onnx",
      description = "The model that made the features of the run, as features.json says.")
  private Path model;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      defaultValue = "1e-6",
      description = {
        "The largest difference of a number that is accepted, in lengths of its embedding;",
        "default: 1e-6."
      })
  private double tolerance;

  @Option(names = "--out", required = true, paramLabel = "FILE.onnx", description = "Written.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    OptionalLibrary.PROTOBUF.require("'export onnx'");
    OptionalLibrary.ONNX.require("'export onnx'");
    if (!(tolerance >= 0)) {
      throw Text.wrong("--tolerance: %s is not 0 or more", tolerance);
    }
    try (OutputFile written = new OutputFile(out, outputs, ".onnx");
        Backend backend = options.backend();
        Arena arena = Arena.host()) {
      if (written.isStream()) {
        throw new InputException(
            out + ": cannot be read again to be verified; name a file that ends in .onnx");
      }
      Opened opened = options.open(backend, arena);
      boolean unit = options.normalizes(opened);
      JsonObject origin = origin(opened);
      OnnxHead head =
          new OnnxHead(opened.head().weight(), opened.head().bias(), unit, facts(opened, origin));
      Checked rows = new Checked(opened, unit, backend, arena);
      head.write(written.path());
      double most = rows.most(written.path());
      refuse(most, rows.worst, opened.from());
      PrintWriter console = spec.commandLine().getOut();
      if (model == null) {
        written.commit();
        console.println(
            Text.say(
                "%s: features [N, %d] to embedding [N, %d], %s (%s), operator set %d",
                out,
                opened.head().weight().dim(1),
                opened.head().weight().dim(0),
                unit ? "of length 1" : "not normalised",
                options.why(opened),
                OnnxHead.OPERATORS));
      } else {
        Behind behind = new Behind(opened, origin, head, written.path());
        double also = behind.most(unit, backend, arena);
        refuse(also, 0, model);
        written.commit();
        console.println(
            Text.say(
                "%s: %s %s to %s [N, %d], %s (%s); pictures: %s",
                out,
                behind.input.name(),
                behind.channelsFirst ? "[N, 3, H, W]" : "[N, H, W, 3]",
                behind.embedding,
                opened.head().weight().dim(0),
                unit ? "of length 1" : "not normalised",
                options.why(opened),
                origin.get("pictures").getAsString()));
        console.println(
            Text.say("the whole, on %d random pictures: largest difference %.1e", PICTURES, also));
      }
      console.println(
          Text.say(
              "verified in ONNX Runtime on %s of %s: largest difference %.1e, allowed %.1e",
              Text.count(rows.count, "row", "rows"), opened.from(), most, tolerance));
    }
    return 0;
  }

  private void refuse(double most, long row, Path from) {
    if (!(most <= tolerance)) {
      throw Text.wrong(
          "%s: ONNX Runtime's embedding of row %d differs by %.1e of its length, more than"
              + " --tolerance %s: float32 cancels there; standardise the features and train again,"
              + " or raise --tolerance",
          from, row, most, tolerance);
    }
  }

  // ---- what the file says about itself
  // --------------------------------------------------------------

  private JsonObject origin(Opened opened) {
    JsonObject json =
        FeatureOrigin.facts(opened.trainedOn() != null ? opened.trainedOn() : options.features);
    if (model != null && json == null) {
      throw Text.wrong(
          "--with-model: nothing says how the features of %s were made from pictures; train on"
              + " those of 'vicinal features', or leave it out",
          opened.from());
    }
    return json;
  }

  private Map<String, String> facts(Opened opened, JsonObject origin) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("vicinal.version", Version.text());
    facts.put("vicinal.head", opened.head().file().toString());
    facts.put("vicinal.head_sha256", hash(opened.head().file()));
    if (opened.config() != null) {
      facts.put("vicinal.loss", opened.config().loss().name());
      JsonArray classes = classes(opened.head());
      if (classes != null) {
        facts.put("vicinal.classes", new Gson().toJson(classes));
      }
    }
    if (origin != null) {
      for (String key : new String[] {"model", "model_sha256", "output", "pool", "pictures"}) {
        if (origin.has(key)) {
          facts.put("vicinal.features." + key, origin.get(key).getAsString());
        }
      }
    }
    return facts;
  }

  /** Names of the classes that were trained, else their ids. */
  private static JsonArray classes(HeadFile head) {
    try {
      JsonObject run =
          JsonParser.parseString(Files.readString(head.file().resolveSibling("config.json")))
              .getAsJsonObject()
              .getAsJsonObject("run");
      return run == null
          ? null
          : run.getAsJsonArray(run.has("classNames") ? "classNames" : "classes");
    } catch (IOException e) {
      return null; // it was read before
    }
  }

  private static String hash(Path file) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    } catch (IOException e) {
      throw InputFile.problem(
          file, "cannot be read (" + InputFile.reason(e) + ")", "check the path and the disk", e);
    }
  }

  // ---- verifying
  // ------------------------------------------------------------------------------------

  /** Rows of the data, and what they should become. */
  private static final class Checked {
    private final float[] features;
    private final double[] wanted;
    private final int width;
    private final int embedded;
    private final long[] ids;
    private final int count;
    private long worst;

    Checked(Opened opened, boolean unit, Backend backend, Arena arena) {
      Tensor all = opened.rows();
      width = (int) all.dim(1);
      embedded = (int) opened.head().weight().dim(0);
      count = (int) Math.min(ROWS, all.dim(0));
      ids = new long[count];
      Tensor some = arena.allocate(all.dtype(), count, width);
      for (int i = 0; i < count; i++) {
        ids[i] = i * all.dim(0) / count;
        some.rows(i, i + 1).copyFrom(all.rows(ids[i], ids[i] + 1));
      }
      Tensor ours = opened.head().embed(opened.from(), some, backend, arena);
      if (unit) {
        backend.normalizeRows(ours, ours);
      }
      wanted = ours.toDoubles();
      features = floats(some);
    }

    /** The largest difference, in lengths of an embedding. */
    double most(Path file) {
      double most = 0;
      try (OnnxRunner runner = new OnnxRunner(file)) {
        for (int from = 0; from < count; ) {
          int next = from == 0 ? 1 : Math.min(BATCH, count - from); // alone, and in batches
          FloatBuffer rows = direct(features, from * width, next * width);
          float[] got = runner.run(rows, OnnxHead.EMBEDDING, next, width).values();
          for (int i = 0; i < next; i++) {
            double one = difference(got, i * embedded, wanted, (from + i) * embedded, embedded);
            if (!(one <= most)) {
              most = one;
              worst = ids[from + i];
            }
          }
          from += next;
        }
      }
      return most;
    }
  }

  private static float[] floats(Tensor tensor) {
    double[] exact = tensor.toDoubles();
    float[] values = new float[exact.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) exact[i];
    }
    return values;
  }

  private static FloatBuffer direct(float[] values, int from, int count) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
    return buffer.put(values, from, count).flip();
  }

  private static double difference(float[] got, int at, double[] wanted, int from, int width) {
    double square = 0;
    double most = 0;
    for (int k = 0; k < width; k++) {
      double value = wanted[from + k];
      square += value * value;
      double difference = Math.abs(got[at + k] - value);
      most = difference <= most ? most : difference; // NaN stays
    }
    return square > 0 ? most / Math.sqrt(square) : most;
  }

  /** The head behind a model. */
  private final class Behind {
    private final Path file;
    private final HeadFile map;
    private final Input input;
    private final String output;
    private final Pool pool;
    private final boolean channelsFirst;
    private final String embedding;
    private final FloatBuffer pixels;
    private final int count;
    private final int side;
    private final float[] features;

    Behind(Opened opened, JsonObject origin, OnnxHead head, Path file) {
      this.file = file;
      map = opened.head();
      output = origin.get("output").getAsString();
      pool = Pool.valueOf(origin.get("pool").getAsString().toUpperCase(Locale.ROOT));
      channelsFirst = origin.get("layout").getAsString().equals("nchw");
      if (!hash(model).equals(origin.get("model_sha256").getAsString())) {
        throw Text.wrong(
            "%s: is not the model that made the features, or keeps its weights in a file beside it;"
                + " name the file that was %s, in one piece",
            model, origin.get("model").getAsString());
      }
      try (OnnxModel network = new OnnxModel(model, 1)) {
        network.choose(output, pool);
        input = network.takes();
        count = input.batch() > 0 ? (int) input.batch() : PICTURES;
        side = side(origin);
        float[] random = new float[Math.multiplyExact(count * 3, side * side)];
        Random numbers = new Random(0);
        for (int i = 0; i < random.length; i++) {
          random[i] = (float) numbers.nextGaussian();
        }
        pixels = direct(random, 0, random.length);
        features = network.run(pixels, count, channelsFirst, side).values();
      }
      embedding = head.append(model, output, rank(), pool, channelsFirst, file);
    }

    private int side(JsonObject origin) {
      long own = Math.max(input.height(), input.width());
      Matcher said = SQUARE.matcher(origin.get("pictures").getAsString());
      return own > 0 ? (int) own : said.find() ? Integer.parseInt(said.group(1)) : SIDE;
    }

    private long[] shape() {
      return channelsFirst ? new long[] {count, 3, side, side} : new long[] {count, side, side, 3};
    }

    private int rank() {
      try (OnnxRunner runner = new OnnxRunner(model)) {
        return runner.run(pixels.rewind(), output, shape()).shape().length;
      }
    }

    double most(boolean unit, Backend backend, Arena arena) {
      int width = (int) map.weight().dim(1);
      if (features.length != count * width) {
        throw Text.wrong(
            "%s: gives %d features, but the head %s takes %d; name the model of its features",
            model, features.length / count, map.file(), width);
      }
      Tensor x = arena.allocate(DType.F32, count, width);
      x.set(features);
      Tensor typed = arena.allocate(map.dtype(), count, width);
      typed.copyFrom(x);
      Tensor ours = map.embed(model, typed, backend, arena);
      if (unit) {
        backend.normalizeRows(ours, ours);
      }
      double[] wanted = ours.toDoubles();
      int embedded = wanted.length / count;
      double most = 0;
      try (OnnxRunner runner = new OnnxRunner(file)) {
        Result got = runner.run(pixels.rewind(), embedding, shape());
        for (int i = 0; i < count; i++) {
          double one = difference(got.values(), i * embedded, wanted, i * embedded, embedded);
          most = one <= most ? most : one;
        }
      }
      return most;
    }
  }
}
