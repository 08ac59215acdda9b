package io.vicinal.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.cli.demo.Demo;
import io.vicinal.cli.demo.DemoSettings;
import io.vicinal.cli.demo.Story;
import io.vicinal.cli.demo.StorySettings;
import io.vicinal.data.FashionMnist;
import io.vicinal.train.RunMode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal demo}: the main job on real data. */
@Command(
    name = "demo",
    sortOptions = false,
    header = "Train on real images, retrieve unseen ones, and find and repair wrong labels.",
    description = {
      "",
      "Learns a linear embedding of the pixels of five classes, then lets every test image look for",
      "images of its class: among the five classes' unseen images, and among the five classes that",
      "training never saw. Compares with raw and centred pixels. What was tuned was tuned on a",
      "held-out part of the training images. Then a tenth of the labels are made wrong, found and",
      "repaired, and confusions are traced to the training images that cause them. Takes a minute",
      "or two on two cores.",
      "",
      "The run folder receives config.json, metrics.jsonl, checkpoint/, head.safetensors, demo.json",
      "(all numbers), neighbours.png (queries blue, hits green, misses red) and report.html.",
      ""
    },
    footer = {"", "Example:", "  vicinal demo --run runs/demo"})
final class DemoCommand implements Callable<Integer> {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private static final List<String> RESULTS = List.of("neighbours.png", "report.html", "demo.json");

  @Spec private CommandSpec spec;

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description = "The run folder; default: runs/demo-DATE-TIME.")
  private Path run;

  @Mixin private OutputOptions outputs;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The folder of the four Fashion-MNIST files; default: the Debian package's.")
  private Path data = FashionMnist.FOLDER;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Replace a value of the training configuration; repeatable.")
  private List<String> overrides = new ArrayList<>();

  @Override
  public Integer call() {
    long start = System.nanoTime();
    if (!Files.isDirectory(data)) {
      throw new InputException(
          data
              + ": no Fashion-MNIST here; apt-get install dataset-fashion-mnist, or name its folder"
              + " with --data");
    }
    if (run == null) {
      run = Path.of("runs", "demo-" + LocalDateTime.now().format(STAMP));
    }
    List<String> all = new ArrayList<>(overrides);
    all.add("data.folder=" + data.toAbsolutePath());
    DemoSettings settings = DemoSettings.read(all);
    PrintWriter out = spec.commandLine().getOut();
    try (OutputFolder folder = new OutputFolder(run, RESULTS, outputs)) {
      out.println("training on " + names(settings.config().data().classes()));
      Demo.Trained result = measured(settings, folder.file("neighbours.png"));
      print(out, result);
      Story.Told story;
      try (Bar bar = new Bar("wrong labels")) {
        story =
            new Story(settings.story(), settings.config(), data, bar::show)
                .run(folder.file("report.html"));
      }
      print(out, settings.story(), story);
      double seconds = (System.nanoTime() - start) * 1e-9;
      JsonObject json = json(settings, result);
      json.add("story", StoryText.json(settings.story(), story));
      json.addProperty("seconds", seconds);
      JsonFile.write(folder.file("demo.json"), json);
      folder.commit();
      out.printf(
          Locale.ROOT,
          "%nrun folder: %s (%.0f s); see report.html and neighbours.png in it%n",
          run,
          seconds);
    }
    return 0;
  }

  private Demo.Trained measured(DemoSettings settings, Path drawing) {
    try (Bar bar = new Bar("measuring");
        TrainingView view = new TrainingView(spec.commandLine())) {
      Demo.Watcher watcher =
          (done, total, text) -> {
            view.finish();
            bar.show(done, total, text);
          };
      return new Demo(settings.config(), data, run, drawing, watcher).run(RunMode.NEW, view);
    }
  }

  private static void print(PrintWriter out, StorySettings settings, Story.Told story) {
    out.println();
    for (String paragraph : StoryText.sentences(settings, story)) {
      for (String line : Text.wrap(paragraph, 90)) {
        out.println(line);
      }
    }
  }

  private void print(PrintWriter out, Demo.Trained result) {
    part(out, "unseen images of the training classes", result.seen());
    part(out, "images of classes never trained on", result.unseen());
    out.println();
    for (String line : Text.wrap(sentence(result), 90)) {
      out.println(line);
    }
    out.println();
    examples(out, result.seen());
    examples(out, result.unseen());
  }

  private static void part(PrintWriter out, String title, Demo.Part part) {
    out.println();
    out.println(
        title + ": " + part.images() + " test images, each searched among the others, in %");
    List<String> ids = List.copyOf(part.rows().get(0).values().keySet());
    List<String> header = new ArrayList<>(List.of(""));
    ids.forEach(id -> header.add(id.toUpperCase(Locale.ROOT)));
    Table table = new Table(header.toArray(new String[0]));
    for (Demo.Figures row : part.rows()) {
      List<String> cells = new ArrayList<>(List.of(row.representation()));
      row.values().values().forEach(value -> cells.add(Text.percent(value)));
      table.row(cells.toArray(new String[0]));
    }
    table.print(out);
  }

  private static void examples(PrintWriter out, Demo.Part part) {
    for (Demo.Example example : part.examples()) {
      StringBuilder line = new StringBuilder();
      for (long label : example.labels()) {
        line.append(label == example.label() ? " +" : " " + FashionMnist.CLASSES.get((int) label));
      }
      out.printf(
          Locale.ROOT, "%-12s finds%s%n", FashionMnist.CLASSES.get((int) example.label()), line);
    }
  }

  /** What the numbers say about unseen classes, and why. */
  static String sentence(Demo.Trained result) {
    double seen = gain(result.seen());
    double unseen = gain(result.unseen());
    String first =
        Text.say(
            "On unseen images of the training classes the embedding's MAP@R is %s that of the"
                + " better pixel baseline; on classes that it never saw it is %s. ",
            points(seen), points(unseen));
    return first
        + (unseen > 0
            ? "A linear map of pixels can only re-weight directions: those that tell the training"
                + " classes apart happen to help here, which nothing guarantees."
            : "A linear map of pixels can only keep or drop directions: it keeps those that tell"
                + " the training classes apart and drops others that the new classes need.");
  }

  private static double gain(Demo.Part part) {
    double pixels = Math.max(part.mapAtR(Demo.RAW), part.mapAtR(Demo.RAW_L2));
    return part.mapAtR(Demo.EMBEDDING) - Math.max(pixels, part.mapAtR(Demo.CENTRED));
  }

  private static String points(double difference) {
    return Text.say(
        "%.1f points %s", Math.abs(100 * difference), difference < 0 ? "below" : "above");
  }

  private static String names(List<Long> classes) {
    List<String> names = new ArrayList<>();
    classes.forEach(c -> names.add(FashionMnist.CLASSES.get(c.intValue())));
    return String.join(", ", names);
  }

  private static JsonObject json(DemoSettings settings, Demo.Trained result) {
    JsonObject json = new JsonObject();
    json.addProperty("version", Version.text());
    json.addProperty("howChosen", settings.howChosen());
    json.add("validation", JsonFile.gson().toJsonTree(result.training().validation()));
    json.addProperty("bestEpoch", result.training().bestEpoch());
    json.add("seen", json(result.seen()));
    json.add("unseen", json(result.unseen()));
    json.addProperty("sentence", sentence(result));
    return json;
  }

  private static JsonObject json(Demo.Part part) {
    JsonObject json = new JsonObject();
    json.add("classes", JsonFile.gson().toJsonTree(part.classes()));
    json.addProperty("images", part.images());
    JsonObject rows = new JsonObject();
    part.rows().forEach(r -> rows.add(r.representation(), JsonFile.gson().toJsonTree(r.values())));
    json.add("values", rows);
    JsonArray examples = new JsonArray();
    part.examples().forEach(example -> examples.add(JsonFile.gson().toJsonTree(example)));
    json.add("examples", examples);
    return json;
  }
}
