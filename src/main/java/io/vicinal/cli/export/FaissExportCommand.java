package io.vicinal.cli.export;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.cli.export.HeadOptions.NameOptions;
import io.vicinal.cli.export.HeadOptions.Opened;
import io.vicinal.data.Names;
import io.vicinal.retrieval.Hits;
import io.vicinal.retrieval.VectorIndex;
import io.vicinal.retrieval.VectorIndex.Metric;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal export faiss}: embeddings as an index of FAISS. */
@Command(
    name = "faiss",
    sortOptions = false,
    header = "Write embeddings as an index of FAISS, with the names of its rows beside it.",
    description = {
      "",
      "Python's faiss.read_index, VectorIndex.load and VectorIndex.importFaiss take the file. A row's",
      "id is its position; a table of the same name, .csv, has the name and label of each id. Unit",
      "vectors are compared by inner product, which is their cosine (make queries unit vectors too),",
      "others by squared Euclidean distance.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal export faiss --head runs/first --index HNSW32 --out first.faiss"
    })
final class FaissExportCommand implements Callable<Integer> {
  private static final String ENDING = ".faiss";

  @Spec private CommandSpec spec;

  @Mixin private HeadOptions options;

  @Mixin private NameOptions names;

  @Option(
      names = "--index",
      paramLabel = "KIND",
      defaultValue = "Flat",
      description = "Flat (exact), IVF<cells>,Flat or HNSW<links> (docs/search.md); default: Flat.")
  private String kind;

  @Option(
      names = "--nprobe",
      paramLabel = "N",
      description = "Of IVF: cells that a search visits; kept in the file. Default: 1.")
  private Integer nprobe;

  @Option(
      names = "--ef-search",
      paramLabel = "N",
      description = "Of HNSW: candidates that a search keeps; kept in the file. Default: 16.")
  private Integer efSearch;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "10",
      description = "Neighbours of which the recall is measured; default: 10.")
  private int k;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE.faiss",
      description = "Written, and FILE.csv.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    Recall.check("--k", k);
    String name = String.valueOf(out.getFileName());
    if (!name.endsWith(ENDING)) {
      throw new InputException(out + ": is written as .faiss; name a file that ends so");
    }
    String table = name.substring(0, name.length() - ENDING.length()) + ".csv";
    Path folder = out.getParent() == null ? Path.of(".") : out.getParent();
    try (OutputFolder written = new OutputFolder(folder, List.of(name, table), outputs);
        Backend backend = options.backend();
        Arena arena = Arena.host()) {
      Opened opened = options.open(backend, arena, names.paths());
      boolean unit = options.normalizes(opened);
      Names samples = names.samples(opened);
      List<String> labels = names.labels(opened, backend, arena);
      Tensor rows = IndexRows.of(opened, unit, backend, arena);
      Metric metric = unit ? Metric.COSINE : Metric.L2;
      try (VectorIndex index = VectorIndex.create((int) rows.dim(1), metric, kind)) {
        set(index);
        index.train(rows);
        index.add(rows);
        index.save(written.file(name));
        boolean known = samples.known() || !labels.isEmpty();
        if (known) {
          table(samples, labels, rows.dim(0)).write(written.file(table));
        }
        String recall = recall(index, rows, backend);
        written.commit(List.of(table));
        PrintWriter console = spec.commandLine().getOut();
        console.println(
            Text.say(
                "%s: %s, %s of %d numbers, %s (%s)",
                out,
                index.description(),
                Text.count(rows.dim(0), "row", "rows"),
                rows.dim(1),
                unit ? "cosine" : "squared Euclidean distance",
                options.why(opened)));
        if (known) {
          console.println(out.resolveSibling(table) + ": what each id is called");
        }
        console.println(recall);
      }
    }
    return 0;
  }

  private void set(VectorIndex index) {
    if (nprobe != null) {
      index.setNprobe(nprobe);
    }
    if (efSearch != null) {
      index.setEfSearch(efSearch);
    }
  }

  private String recall(VectorIndex index, Tensor rows, Backend backend) {
    if (rows.dim(0) < 2) {
      return Recall.NONE;
    }
    Recall recall = new Recall(rows, k, backend);
    return recall.said(
        recall.of(
            (vector, count) -> {
              Hits hits = index.search(vector, count);
              return hits.ids();
            }));
  }

  static CsvFile table(Names samples, List<String> labels, long rows) {
    List<String> header = new ArrayList<>(List.of("id"));
    if (samples.known()) {
      header.add("name");
    }
    if (!labels.isEmpty()) {
      header.add("label");
    }
    CsvFile table = new CsvFile(header.toArray(String[]::new));
    for (int id = 0; id < rows; id++) {
      List<Object> cells = new ArrayList<>(List.of(id));
      if (samples.known()) {
        cells.add(samples.get(id));
      }
      if (!labels.isEmpty()) {
        cells.add(labels.get(id));
      }
      table.row(cells.toArray());
    }
    return table;
  }
}
