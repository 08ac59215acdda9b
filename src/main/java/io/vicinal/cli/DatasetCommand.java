package io.vicinal.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.DatasetOptions;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.SplitOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.Names;
import io.vicinal.data.TableFile;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.dataset.Holdout;
import io.vicinal.data.dataset.PixelArray;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal dataset}: what a folder or a table of pictures holds. */
@Command(
    name = "dataset",
    sortOptions = false,
    header = "Count what a dataset of pictures holds: splits, classes, what is wrong with it.",
    description = {
      "",
      "No picture is opened. Samples that cannot be (a listed file that is missing, a row without a",
      "label or listed twice) stop the command with the file and the line, or are left out and",
      "counted.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal dataset photos",
      "  vicinal dataset photos --validation-fraction 0.2 --out photos.csv",
      "",
      "'vicinal list datasets' shows every format."
    })
final class DatasetCommand implements Callable<Integer> {
  private static final int WIDTH = 96;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PATH",
      description = "A folder; a .csv or .tsv with the columns label and path.")
  private Path path;

  @Mixin private DatasetOptions format;

  @Mixin private SplitOptions splits;

  @Option(names = "--skip-bad", description = "Leave out samples that cannot be, and say how many.")
  private boolean skipBad;

  @Option(
      names = "--validation-fraction",
      paramLabel = "F",
      description = "Move this part of the train split to a split of its own.")
  private Double fraction;

  @Option(
      names = "--validation-by",
      paramLabel = "WHAT",
      defaultValue = "sample",
      description = "sample (that part of each class) or class; default: ${DEFAULT-VALUE}.")
  private String by;

  @Option(
      names = "--validation-stay",
      paramLabel = "WHICH",
      defaultValue = "random",
      description = "Which stay: random, first or even (evenly spaced); default: ${DEFAULT-VALUE}.")
  private String stay;

  @Option(names = "--seed", paramLabel = "S", description = "Of random; default: 0.")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = {
        "Written: .json, what is printed; or .csv, .tsv or .parquet, a row a sample in the columns",
        "label, path, split, is_query, is_gallery: a dataset itself, whose columns other commands take",
        "(FILE:label)."
      })
  private Path out;

  @Option(
      names = "--out-pixels",
      paramLabel = "X.npy",
      description = {
        "Written: float32 [N, H * W * channels] from 0 to 1, a row a sample as in the table, of",
        "pictures that have no files of their own: cifar, mnist, glyphs. Or as .parquet, .csv, .tsv."
      })
  private Path rows;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    Holdout holdout =
        fraction == null
            ? null
            : new Holdout(
                fraction,
                choice("--validation-by", by, Holdout.By.values()),
                choice("--validation-stay", stay, Holdout.Stay.values()),
                seed);
    try (OutputFile written =
            out == null ? null : new OutputFile(out, outputs, ".json", ".csv", ".tsv", ".parquet");
        OutputFile features =
            rows == null
                ? null
                : new OutputFile(rows, outputs, ".npy", ".parquet", ".csv", ".tsv")) {
      Dataset all = Datasets.open(path, format.of(path), skipBad);
      Dataset data = splits.of(holdout == null ? all : holdout.of(all), path);
      List<Part> parts = data.splits().stream().map(split -> part(data, split)).toList();
      PrintWriter console =
          written == null ? spec.commandLine().getOut() : written.console(spec.commandLine());
      print(console, data, parts);
      if (written != null) {
        if (TableFile.isTable(written.path())) {
          DatasetTable.write(data, written.path(), out.toAbsolutePath().normalize().getParent());
        } else {
          JsonFile.write(written.path(), json(data, parts));
        }
        written.commit();
        console.println("written: " + out);
      }
      if (features != null) {
        pixels(data, features.path());
        features.commit();
        console.println("written: " + rows);
      }
    }
    return 0;
  }

  private static <E extends Enum<E>> E choice(String option, String text, E[] values) {
    for (E value : values) {
      if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
        return value;
      }
    }
    List<String> known =
        Arrays.stream(values).map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
    throw Text.wrong("%s: '%s' is unknown; choose %s", option, text, Names.or(known));
  }

  /** A split in numbers; the components are its keys in the JSON. */
  private record Part(
      String split,
      int samples,
      int classes,
      int superClasses,
      int queries,
      int gallery,
      int boxes,
      int smallestClass,
      double medianClass,
      int largestClass) {}

  private static Part part(Dataset data, String split) {
    int[] ids = data.ids(split);
    int[] counts =
        IntStream.of(data.classCounts(ids)).filter(count -> count > 0).sorted().toArray();
    int n = counts.length;
    return new Part(
        split,
        ids.length,
        n,
        (int) IntStream.of(ids).map(data::superClass).filter(c -> c >= 0).distinct().count(),
        (int) IntStream.of(ids).filter(data::isQuery).count(),
        (int) IntStream.of(ids).filter(data::isGallery).count(),
        (int) IntStream.of(ids).filter(id -> data.box(id) != null).count(),
        counts[0],
        (counts[(n - 1) / 2] + counts[n / 2]) / 2.0,
        counts[n - 1]);
  }

  private void print(PrintWriter writer, Dataset data, List<Part> parts) {
    writer.println(
        Text.say(
            "%s: %s, %s of %s, format %s",
            path,
            Text.count(data.size(), "sample", "samples"),
            Text.count(used(data), "class", "classes"),
            pictures(data),
            data.formatName()));
    writer.println();
    boolean above = data.superClasses().known();
    boolean flags =
        parts.stream().anyMatch(p -> p.queries() < p.samples() || p.gallery() < p.samples());
    List<String> header = new ArrayList<>(List.of("split", "samples", "classes"));
    if (above) {
      header.add("super-classes");
    }
    if (flags) {
      header.addAll(List.of("queries", "gallery"));
    }
    header.addAll(List.of("smallest", "median", "largest class"));
    Table table = new Table(header.toArray(new String[0]));
    for (Part part : parts) {
      Stream<String> cells =
          Stream.of(part.split(), number(part.samples()), number(part.classes()));
      if (above) {
        cells = Stream.concat(cells, Stream.of(number(part.superClasses())));
      }
      if (flags) {
        cells = Stream.concat(cells, Stream.of(number(part.queries()), number(part.gallery())));
      }
      String median = Text.say("%,.1f", part.medianClass()).replaceFirst("\\.0$", "");
      cells =
          Stream.concat(
              cells, Stream.of(number(part.smallestClass()), median, number(part.largestClass())));
      table.row(cells.toArray(String[]::new));
    }
    table.print(writer);
    List<String> notes = notes(data);
    if (!notes.isEmpty()) {
      writer.println();
    }
    notes.forEach(note -> Text.wrap("note: " + note, WIDTH).forEach(writer::println));
  }

  private static String number(int count) {
    return Text.say("%,d", count);
  }

  private static int used(Dataset data) {
    return (int) IntStream.range(0, data.size()).map(data::label).distinct().count();
  }

  private static String pictures(Dataset data) {
    return data.pixels() == null
        ? "picture files"
        : Text.say(
            "%d x %d %s pixels",
            data.pixels().width(),
            data.pixels().height(),
            data.pixels().channels() == 1 ? "grey" : "colour");
  }

  /** The dataset's, and which classes are in two splits. */
  private static List<String> notes(Dataset data) {
    List<String> notes = new ArrayList<>(data.notes());
    List<String> splits = data.splits();
    for (int a = 0; a < splits.size(); a++) {
      for (int b = a + 1; b < splits.size(); b++) {
        int[] first = data.classCounts(data.ids(splits.get(a)));
        int[] second = data.classCounts(data.ids(splits.get(b)));
        int shared =
            (int) IntStream.range(0, first.length).filter(c -> first[c] * second[c] > 0).count();
        notes.add(
            shared == 0
                ? Text.say("%s and %s share no class", splits.get(a), splits.get(b))
                : Text.say(
                    "%s and %s share %s",
                    splits.get(a), splits.get(b), Text.count(shared, "class", "classes")));
      }
    }
    return notes;
  }

  private JsonObject json(Dataset data, List<Part> parts) {
    JsonObject json = new JsonObject();
    json.addProperty("path", path.toString());
    json.addProperty("format", data.formatName());
    json.addProperty("samples", data.size());
    json.addProperty("classes", used(data));
    if (data.pixels() != null) {
      json.addProperty("height", data.pixels().height());
      json.addProperty("width", data.pixels().width());
      json.addProperty("channels", data.pixels().channels());
    }
    JsonArray splitsJson = new JsonArray();
    parts.forEach(part -> splitsJson.add(JsonFile.tree(part)));
    json.add("splits", splitsJson);
    json.add("class_names", JsonFile.tree(data.classes().list()));
    json.add("super_class_names", JsonFile.tree(data.superClasses().list()));
    json.addProperty("left_out", data.leftOut().size());
    json.add("notes", JsonFile.tree(notes(data)));
    return json;
  }

  private void pixels(Dataset data, Path file) {
    PixelArray pictures = data.pixels();
    if (pictures == null) {
      throw Text.wrong(
          "--out-pixels: the pictures of %s are files, of any size; leave the option out", path);
    }
    int width = pictures.height() * pictures.width() * pictures.channels();
    byte[] picture = new byte[width];
    float[] row = new float[width];
    try (Arena arena = Arena.host()) {
      Tensor features = arena.allocate(DType.F32, data.size(), width);
      for (int id = 0; id < data.size(); id++) {
        pictures.read(data.row(id), picture);
        for (int j = 0; j < width; j++) {
          row[j] = (picture[j] & 0xff) / 255f;
        }
        features.rows(id, id + 1).set(row);
      }
      ArrayFile.write(file, features, "pixels");
    }
  }
}
