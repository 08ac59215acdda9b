package io.vicinal.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.DatasetOptions;
import io.vicinal.cli.common.Interrupted;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.InputFile;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.dataset.PixelArray;
import io.vicinal.data.image.DatasetImages;
import io.vicinal.data.image.ImageSource;
import io.vicinal.data.image.ImageView.Filter;
import io.vicinal.data.image.SkippingImages;
import io.vicinal.data.onnx.ExternalWeights;
import io.vicinal.data.onnx.FeatureExtractor;
import io.vicinal.data.onnx.FeatureRows;
import io.vicinal.data.onnx.ModelPictures;
import io.vicinal.data.onnx.OnnxModel;
import io.vicinal.data.onnx.OnnxModel.Input;
import io.vicinal.data.onnx.OnnxModel.Numbers;
import io.vicinal.data.onnx.OnnxModel.Pool;
import io.vicinal.data.onnx.PreprocessorFile;
import io.vicinal.process.Limits;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal features}: a dataset of pictures through a network. */
@Command(
    name = "features",
    sortOptions = false,
    header = "Turn pictures into features with a network in ONNX's format.",
    description = {
      "",
      "Writes into the folder features.npy, a row a picture; samples.csv, a row a picture with its",
      "label, path and split; and features.json, which says what made them. Other commands take the",
      "folder in place of arrays, FOLDER:SPLIT for a part of it, with its labels and names. Killed or",
      "stopped, the same command goes on where it was; where features of the same model, pictures and",
      "preparation are there already, nothing is computed.",
      "Size, mean and std come from options, else from --preset, else from a",
      "preprocessor_config.json (Hugging Face) or config.json (timm) beside the model.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal features --images photos --model model.onnx --preset timm --run features",
      "",
      "Then:",
      "  evaluate --embeddings features --normalize",
      "  explain mislabel --features features --out suspects"
    })
final class FeaturesCommand implements Callable<Integer> {
  private static final String ROWS = "piece-rows"; // pieces outlive a killed process
  private static final int BATCH = 32;
  private static final int MOST_BATCH = 4096;
  private static final int MOST_THREADS = 256;

  /**
   * Where the process ends as by SIGKILL, without cleaning up: how tests catch it in the middle.
   */
  private static final String HALT = System.getProperty("io.vicinal.halt", "");

  private enum Layout {
    nchw,
    nhwc
  }

  private enum Crop {
    centre,
    squash
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "PATH",
      description = "A dataset: a folder, or a .csv (docs/data.md).")
  private Path images;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE.onnx",
      description = "One input, a batch of colour pictures: float32, float16 or uint8.")
  private Path model;

  @Option(names = "--run", required = true, paramLabel = "DIR", description = "Written.")
  private Path run;

  @Mixin private DatasetOptions format;

  @Option(names = "--split", paramLabel = "NAME", description = "Only this split.")
  private String split;

  @Option(
      names = "--skip-bad",
      description = "Leave out samples that cannot be read, and say so; else they end the work.")
  private boolean skipBad;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "Pictures as clip, dinov2, siglip, timm or torchvision prepare them.")
  private String preset;

  @Option(
      names = "--preprocessor",
      paramLabel = "FILE.json",
      description = "A preprocessor_config.json, or timm's config.json, from elsewhere.")
  private Path preprocessor;

  @Option(
      names = "--size",
      paramLabel = "N",
      description = "Side of the square that the network sees; default: the model's.")
  private int size;

  @Option(
      names = "--resize",
      paramLabel = "N",
      description = "What the shorter side becomes before the centre is cut out.")
  private int resize;

  @Option(
      names = "--crop",
      paramLabel = "HOW",
      description = "centre, or squash: not the shorter side, both become --resize.")
  private Crop crop;

  @Option(names = "--mean", split = ",", paramLabel = "R,G,B", description = "Of pixels in 0..1.")
  private List<Double> mean = List.of();

  @Option(names = "--std", split = ",", paramLabel = "R,G,B", description = "Likewise.")
  private List<Double> std = List.of();

  @Option(
      names = "--layout",
      paramLabel = "HOW",
      description = "nchw or nhwc, where the model's shape does not say it.")
  private Layout layout;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description = "Of the model; default: the only one, or the only one with a row a picture.")
  private String output;

  @Option(
      names = "--pool",
      paramLabel = "HOW",
      description = "Several vectors a picture: cls (the first token), mean, max or flatten.")
  private Pool pool;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Pictures at once; default: 32, or the model's number.")
  private int batch;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description =
          "cpu, cuda, cuda:N, or auto: a GPU where ONNX Runtime can use it; default: auto.")
  private String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that decode, and that compute; default: all processors.")
  private int threads;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    if (threads < 0 || threads > MOST_THREADS || batch < 0 || batch > MOST_BATCH) {
      throw Text.wrong(
          "--threads, --batch: %s, %s are not in 1..%s, 1..%s",
          threads, batch, MOST_THREADS, MOST_BATCH);
    }
    int workers = threads > 0 ? threads : Limits.ofThisProcess().processors();
    Dataset data = dataset();
    try (OnnxModel network = new OnnxModel(model, workers, device, this::note)) {
      network.choose(output, pool);
      boolean channelsFirst = channelsFirst(network.takes());
      ModelPictures pictures = pictures(network.takes());
      long fixed = network.takes().batch();
      if (fixed > 0 && batch > 0 && batch != fixed) {
        throw Text.wrong(
            "--batch: %s, but %s takes %s pictures at once; leave it out", batch, model, fixed);
      }
      int each = fixed > 0 ? Math.toIntExact(fixed) : batch > 0 ? batch : BATCH;
      ImageSource all = new DatasetImages(data);
      all = skipBad ? new SkippingImages(all) : all;
      JsonObject facts = facts(network, pictures, channelsFirst, data, each);
      spec.commandLine().getOut().println("pictures: " + pictures);
      FeatureExtractor work = new FeatureExtractor(network, pictures, channelsFirst, each, workers);
      write(data, all, facts, work);
    }
    return 0;
  }

  private void note(String text) {
    spec.commandLine().getErr().println("note: " + text);
  }

  private Dataset dataset() {
    Dataset all = Datasets.open(images, format.of(images), skipBad);
    all.notes().forEach(this::note);
    if (split == null) {
      return all;
    }
    if (!all.splits().contains(split)) {
      throw Text.wrong(
          "--split: '%s' is unknown; choose %s of %s", split, Names.or(all.splits()), images);
    }
    return all.subset(all.ids(split));
  }

  private boolean channelsFirst(Input input) {
    Boolean said = layout == null ? null : layout == Layout.nchw;
    Boolean known = input.channelsFirst();
    if (known != null && said != null && !known.equals(said)) {
      throw Text.wrong(
          "--layout: %s, but input '%s' of %s is %s; leave it out",
          layout, input.name(), model, known ? Layout.nchw : Layout.nhwc);
    }
    return known != null ? known : said == null || said;
  }

  private ModelPictures pictures(Input input) {
    long height = input.height();
    long width = input.width();
    if (height > 0 && width > 0 && height != width) {
      throw Text.wrong(
          "%s: input '%s' takes pictures of %s x %s, which are no squares; export the model for"
              + " squares",
          model, input.name(), width, height);
    }
    int own = (int) Math.max(0, Math.max(height, width));
    if (own > 0 && size > 0 && own != size) {
      throw Text.wrong(
          "--size: %s, but input '%s' of %s takes %s; leave it out",
          size, input.name(), model, own);
    }
    ModelPictures given =
        new ModelPictures(
            size > 0 ? size : own,
            resize,
            crop == null ? null : crop == Crop.squash,
            null,
            mean,
            std);
    if (input.numbers() == Numbers.UINT8 && !(mean.isEmpty() && std.isEmpty())) {
      throw Text.wrong(
          "--mean, --std: input '%s' of %s takes pixels as they are, 0 to 255; leave them out",
          input.name(), model);
    }
    Path file =
        preprocessor != null || preset != null ? preprocessor : PreprocessorFile.beside(model);
    if (file != null) {
      PreprocessorFile.Read read = PreprocessorFile.read(file, given.size());
      if (!read.unknown().isEmpty()) {
        note(file + ": " + InputFile.listed(read.unknown()) + ": not known, and not looked at");
      }
      given = given.orElse(read.pictures());
    }
    if (preset != null) {
      given = given.orElse(ModelPictures.named(preset, given.size()));
    }
    given = input.numbers() == Numbers.UINT8 ? given.bytes() : given;
    if (given.mean().isEmpty() || given.std().isEmpty()) {
      throw Text.wrong(
          "--mean, --std: are not known for %s; give them, or --preset %s",
          model, Names.or(ModelPictures.names()));
    }
    if (given.size() == 0) {
      throw Text.wrong(
          "--size: input '%s' of %s has no height and width of its own; give the side of the"
              + " squares that it was trained on",
          input.name(), model);
    }
    return given
        .orElse(new ModelPictures(0, given.size(), false, Filter.BILINEAR, List.of(), List.of()))
        .checked();
  }

  // ---- what made the features
  // --------------------------------------------------------------------

  private JsonObject facts(
      OnnxModel network, ModelPictures pictures, boolean channelsFirst, Dataset data, int each) {
    MessageDigest digest = sha256();
    file(model, digest);
    ExternalWeights.of(model).forEach(beside -> file(beside, digest));
    JsonObject json = new JsonObject();
    json.addProperty("model", model.getFileName().toString());
    json.addProperty("model_sha256", hex(digest));
    json.addProperty("output", network.output());
    json.addProperty("pool", network.pool().toString());
    json.addProperty("pictures", pictures.toString());
    json.addProperty("layout", (channelsFirst ? Layout.nchw : Layout.nhwc).toString());
    JsonObject what = json.deepCopy();
    what.remove("model"); // a name
    digest.update(what.toString().getBytes(StandardCharsets.UTF_8));
    json.addProperty("space", hex(digest));
    dataset(json, data);
    json.addProperty("batch", each);
    json.addProperty("device", network.device());
    digest.update(json.get("space").getAsString().getBytes(StandardCharsets.UTF_8));
    pictures(data, digest);
    json.addProperty("key", hex(digest));
    return json;
  }

  /** Where the pictures are, by which reports find them again. */
  private void dataset(JsonObject json, Dataset data) {
    json.addProperty("images", place(images));
    json.addProperty("root", place(data.root()));
    json.addProperty("format", data.formatName());
    json.add("params", JsonFile.tree(format.params()));
  }

  /** From the folder of features if it is below that, so that both can be moved together. */
  private String place(Path path) {
    Path from = run.toAbsolutePath().normalize();
    Path whole = path.toAbsolutePath().normalize();
    return (whole.startsWith(from) ? from.relativize(whole) : whole).toString();
  }

  /** What says whether the pictures are the same: names, sizes and times, or the pixels. */
  private static void pictures(Dataset data, MessageDigest digest) {
    PixelArray pixels = data.pixels();
    byte[] row =
        pixels == null ? null : new byte[pixels.height() * pixels.width() * pixels.channels()];
    for (int id = 0; id < data.size(); id++) {
      String facts = data.name(id);
      if (pixels != null) {
        pixels.read(data.row(id), row);
        digest.update(row);
      } else {
        try {
          facts += " " + Files.size(data.file(id));
          facts += " " + Files.getLastModifiedTime(data.file(id)).toMillis();
        } catch (IOException e) {
          facts += " is missing"; // whoever reads it says so
        }
      }
      digest.update((facts + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void file(Path path, MessageDigest digest) {
    try (InputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new InputException(path + ": cannot be read (" + e.getMessage() + "); check it", e);
    }
  }

  private static String hash(Path path) {
    MessageDigest digest = sha256();
    file(path, digest);
    return hex(digest);
  }

  // ---- the folder
  // --------------------------------------------------------------------------------

  private void write(Dataset data, ImageSource all, JsonObject facts, FeatureExtractor work) {
    PrintWriter console = spec.commandLine().getOut();
    JsonObject earlier = earlier(facts);
    List<String> results =
        List.of(FeatureOrigin.FEATURES, FeatureFolder.TABLE, FeatureOrigin.FACTS);
    try (OutputFolder folder = new OutputFolder(run, results, outputs, hidden(facts))) {
      BitSet leftOut = new BitSet();
      if (earlier != null) {
        facts = earlier;
        dataset(facts, data);
        facts.getAsJsonArray("left_out").forEach(id -> leftOut.set(id.getAsInt()));
        console.println("the features are there already; samples.csv is written again");
      } else {
        compute(folder, all, facts, work, leftOut);
      }
      int without = leftOut.cardinality() + data.leftOut().size();
      facts.addProperty(FeatureOrigin.LEFT_OUT, without);
      int[] kept = IntStream.range(0, data.size()).filter(id -> !leftOut.get(id)).toArray();
      Path place = run.toAbsolutePath().normalize();
      DatasetTable.write(data.subset(kept), folder.file(FeatureFolder.TABLE), place);
      JsonFile.write(folder.file(FeatureOrigin.FACTS), facts);
      at("written");
      folder.commit();
      at("committed");
      folder.keep(false);
      console.println(
          Text.say(
              "%s%s: %s features each of %s, output '%s'%s: %s",
              Text.count(kept.length, "picture", "pictures"),
              without == 0 ? "" : ", " + without + " left out",
              facts.get("width").getAsInt(),
              facts.get("model").getAsString(),
              facts.get("output").getAsString(),
              facts.get("pool").getAsString().equals("none")
                  ? ""
                  : " by " + facts.get("pool").getAsString(),
              run));
    }
  }

  /** Where unfinished work is: batches and devices round differently, so they go on alone. */
  private static String hidden(JsonObject facts) {
    String device = facts.get("device").getAsString().replace(':', '-');
    String key = facts.get("key").getAsString().substring(0, 32);
    return "features-" + key + "-" + facts.get("batch") + "-" + device;
  }

  /** What the folder has of the same key, whole; else null. */
  private JsonObject earlier(JsonObject facts) {
    Path features = run.resolve(FeatureOrigin.FEATURES);
    try {
      JsonObject json =
          JsonParser.parseString(Files.readString(run.resolve(FeatureOrigin.FACTS)))
              .getAsJsonObject();
      return json.get("key").equals(facts.get("key"))
              && (skipBad || json.getAsJsonArray("left_out").isEmpty())
              && Files.isRegularFile(features)
              && json.get("features_sha256").getAsString().equals(hash(features))
          ? json
          : null;
    } catch (IOException | RuntimeException e) {
      return null; // nothing, or nothing of ours
    }
  }

  private void compute(
      OutputFolder folder,
      ImageSource all,
      JsonObject facts,
      FeatureExtractor work,
      BitSet leftOut) {
    PrintWriter console = spec.commandLine().getOut();
    try (FeatureRows rows = new FeatureRows(folder.hidden().resolve(ROWS))) {
      at("begun");
      int resumed = rows.size();
      folder.keep(resumed > 0);
      if (resumed > 0) {
        console.println(
            Text.say(
                "%s %s there from an earlier attempt",
                Text.count(resumed, "picture", "pictures"), resumed == 1 ? "was" : "were"));
      }
      long start = System.nanoTime();
      Interrupted stopped =
          new Interrupted(() -> "vicinal: interrupted; the same command goes on where it was");
      try (Bar bar = new Bar("features")) {
        work.run(
            all,
            rows,
            done -> {
              folder.keep(true);
              bar.show(done, all.size(), Text.say("%.1f images/s", rate(done - resumed, start)));
              at(Integer.toString(done));
            });
      } finally {
        stopped.close();
      }
      leftOut.or(rows.leftOut());
      if (all instanceof SkippingImages some) {
        some.bad().values().forEach(w -> spec.commandLine().getErr().println("left out: " + w));
      }
      if (leftOut.cardinality() == all.size()) {
        throw Text.wrong("%s: no picture can be read; name another dataset", images);
      }
      if (rows.size() > resumed) {
        console.println(Text.say("%.1f images/s", rate(rows.size() - resumed, start)));
      }
      try (Arena arena = Arena.host()) {
        Tensor features = rows.read(arena);
        Npy.write(folder.file(FeatureOrigin.FEATURES), features);
        at("features");
        facts.addProperty("samples", features.dim(0));
        facts.addProperty("width", features.dim(1));
      }
      JsonArray ids = new JsonArray();
      leftOut.stream().forEach(ids::add);
      facts.add("left_out", ids);
      facts.addProperty("features_sha256", hash(folder.file(FeatureOrigin.FEATURES)));
    }
  }

  private static void at(String place) {
    if (HALT.equals(place)) {
      Runtime.getRuntime().halt(137);
    }
  }

  private static double rate(int count, long start) {
    return count / Math.max(1e-9, (System.nanoTime() - start) / 1e9);
  }
}
