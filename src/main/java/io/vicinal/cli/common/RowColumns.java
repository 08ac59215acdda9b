package io.vicinal.cli.common;

import io.vicinal.data.FeatureFolder;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.data.TableFile;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/**
 * What the rows of a matrix are called, and their labels: columns beside its numbers where it is
 * written as a table.
 */
public final class RowColumns {
  @Option(
      names = "--labels",
      paramLabel = "y.npy",
      description = {
        "[N], numbers or names: the column label of a table; known of a folder of 'features'."
      })
  private Path labels;

  @Option(
      names = "--sample-names",
      paramLabel = "LIST",
      description = "What to call the rows: the column name of a table; likewise.")
  private Path sampleNames;

  /** Paths that name columns which are no features. */
  public Path[] paths() {
    return new Path[] {labels, sampleNames};
  }

  /** Whether labels or names are. */
  public boolean given() {
    return labels != null || sampleNames != null;
  }

  /**
   * Refuses labels and names for a file that cannot hold them.
   *
   * @param out as the user named it
   */
  public void check(OutputFile written, Path out) {
    if (given() && !TableFile.isTable(written.path())) {
      throw Text.wrong("%s: has no room for labels and names; name a .parquet, .csv or .tsv", out);
    }
  }

  /**
   * Writes the matrix as the file's ending says.
   *
   * @param from where its rows are from
   * @param column its name in Parquet
   */
  public void write(OutputFile written, Path from, String column, Tensor matrix, ArrayFiles files) {
    if (!TableFile.isTable(written.path())) {
      Npy.write(written.path(), matrix);
      return;
    }
    long rows = matrix.dim(0);
    TableFile table = new TableFile(rows);
    Names names = Names.read(FeatureFolder.or(sampleNames, from), rows, "rows");
    if (names.known()) {
      table.texts("name", names::get);
    }
    Path labelled = FeatureFolder.or(labels, from);
    if (labelled != null) {
      label(table, files.labels(labelled, from, rows, Names.none()));
    }
    table.matrix(column, matrix).write(written.path());
  }

  private static void label(TableFile table, Labels labels) {
    if (labels.classes().known()) {
      List<String> texts = labels.texts();
      table.texts("label", row -> texts.get((int) row));
    } else {
      long[] ids = labels.ids().toLongs();
      table.wholes("label", row -> ids[(int) row]);
    }
  }
}
