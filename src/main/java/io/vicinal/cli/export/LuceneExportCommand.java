package io.vicinal.cli.export;

import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.cli.export.HeadOptions.NameOptions;
import io.vicinal.cli.export.HeadOptions.Opened;
import io.vicinal.data.Endings;
import io.vicinal.data.InputFile;
import io.vicinal.data.Names;
import io.vicinal.data.Scratch;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal export lucene}: embeddings as an index of Lucene. */
@Command(
    name = "lucene",
    sortOptions = false,
    header = "Write embeddings as an index of Lucene, with the names of its rows.",
    description = {
      "",
      "A document a row, of Lucene 9: id (its position), name, label, and vector, a",
      "KnnFloatVectorField. Unit vectors are compared by dot product (make queries unit vectors",
      "too), others by Euclidean distance. docs/serving.md shows how to search it.",
      ""
    },
    footer = {"", "Example:", "  vicinal export lucene --head runs/first --out first.lucene"})
final class LuceneExportCommand implements Callable<Integer> {
  private static final int LONGEST = 32766; // bytes of a term

  /** Files of an index: others that begin so, such as _notes.md, Lucene would remove. */
  private static final String OWN =
      "_[0-9a-z]+(_\\w+)?\\.(si|cf[se]|fd[txm]|fnm|ti[mp]|tmd|doc|pos|pay|psm|nv[dm]|dv[dm]|ve[cmqx]"
          + "|vem[fq]|kd[dim]|liv|tv[dxm]|tmp)|write\\.lock|(pending_)?segments(_[0-9a-z]+|\\.gen)?";

  @Spec private CommandSpec spec;

  @Mixin private HeadOptions options;

  @Mixin private NameOptions names;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "10",
      description = "Neighbours of which the recall is measured; default: 10.")
  private int k;

  @Option(
      names = "--candidates",
      paramLabel = "N",
      defaultValue = "100",
      description =
          "How many a search keeps in the graph when the recall is measured; default: 100.")
  private int candidates;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Written.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    OptionalLibrary.LUCENE.require("'export lucene'");
    Recall.check("--k", k);
    Recall.check("--candidates", candidates);
    boolean replaces = checkTarget();
    try (Backend backend = options.backend();
        Arena arena = Arena.host()) {
      Opened opened = options.open(backend, arena, names.paths());
      if (opened.head().weight().dim(0) > LuceneIndex.MOST_WIDTH) {
        throw Text.wrong(
            "%s: embeddings of %d numbers, and Lucene takes %d at most; train a head with"
                + " head.embedding up to that",
            opened.head().file(), opened.head().weight().dim(0), LuceneIndex.MOST_WIDTH);
      }
      boolean unit = options.normalizes(opened);
      Names samples = names.samples(opened);
      check(samples.list(), "name");
      List<String> labels = names.labels(opened, backend, arena);
      check(labels, "label");
      Tensor rows = IndexRows.of(opened, unit, backend, arena);
      String recall = write(rows, unit, samples, labels, backend, replaces);
      PrintWriter console = spec.commandLine().getOut();
      console.println(
          Text.say(
              "%s: %s with a vector of %d numbers, %s (%s)",
              out,
              Text.count(rows.dim(0), "document", "documents"),
              rows.dim(1),
              unit ? "dot product of unit vectors" : "Euclidean distance",
              options.why(opened)));
      console.println(recall);
    }
    return 0;
  }

  /** Whether there is an index that is replaced. */
  private boolean checkTarget() {
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(out)) {
      throw new InputException(out + ": is not a folder; name one, or a new one");
    }
    if (!Files.exists(out)) {
      return false;
    }
    List<String> files;
    try (Stream<Path> all = Files.list(out)) {
      files = all.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw failed(e);
    }
    if (!files.stream().allMatch(name -> name.matches(OWN))) {
      throw new InputException(out + ": holds other files than an index's; name a new folder");
    }
    boolean index = files.stream().anyMatch(name -> name.startsWith("segments"));
    if (!files.isEmpty()
        && !index
        && !files.contains("write.lock")) { // that a killed process leaves
      throw new InputException(out + ": holds files that are no index's; name a new folder");
    }
    if (index && !outputs.overwrite() && !LuceneIndex.isOurs(out)) {
      throw new InputException(
          out
              + ": holds an index that Vicinal did not write, or that was changed since; name"
              + " another output, or replace it with --overwrite");
    }
    return !files.isEmpty(); // at least what a killed process left
  }

  /** Lucene would change some and refuse others. */
  private static void check(List<String> texts, String what) {
    CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      if (!encoder.canEncode(text) || text.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
        throw Text.wrong(
            "%s of row %d: is no Unicode or longer than %d bytes, which Lucene does not keep;"
                + " shorten it",
            what, i, LONGEST);
      }
    }
  }

  private InputException failed(IOException e) {
    return InputFile.problem(
        out,
        "cannot be written (" + InputFile.reason(e) + ")",
        "check the free space and permissions of its folder; what was there before is untouched",
        e);
  }

  private String write(
      Tensor rows,
      boolean unit,
      Names samples,
      List<String> labels,
      Backend backend,
      boolean replaces) {
    Path folder = out.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
      Scratch.sweep(folder);
      try (Scratch scratch = Scratch.folder(folder);
          Bar bar = new Bar("lucene")) {
        Path index = scratch.path().resolve("index");
        LuceneIndex.write(
            index, rows, unit, samples, labels, i -> bar.show(i, rows.dim(0), "documents"));
        String recall = recall(index, rows, backend);
        if (replaces) {
          LuceneIndex.replace(out, index, rows.dim(0));
        } else {
          Endings.whole(() -> Files.move(index, out, StandardCopyOption.ATOMIC_MOVE));
        }
        return recall;
      }
    } catch (IOException e) {
      throw failed(e);
    } catch (UncheckedIOException e) {
      throw failed(e.getCause());
    }
  }

  private String recall(Path index, Tensor rows, Backend backend) throws IOException {
    if (rows.dim(0) < 2) {
      return Recall.NONE;
    }
    Recall recall = new Recall(rows, k, backend);
    try (LuceneIndex opened = LuceneIndex.open(index)) {
      double value =
          recall.of(
              (vector, count) -> {
                try {
                  return opened.nearest(vector, count, candidates);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      return recall.said(value) + Text.say(", with %d candidates", Math.max(candidates, k + 1));
    }
  }
}
