package io.vicinal.data.dataset;

import io.vicinal.data.CsvReader;
import io.vicinal.data.InputFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A table of paths and labels as separated values. */
@DatasetFormat.Facts(
    name = "csv",
    layout =
        "a .csv or .tsv with the columns label and path, as there are also split, is_query,"
            + " is_gallery, x_1, x_2, y_1, y_2 and category; others are kept. Paths start from its"
            + " folder",
    source = "the columns of OpenMetricLearning")
public record CsvFormat() implements DatasetFormat {
  @Override
  public boolean matches(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".csv") || name.endsWith(".tsv");
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    try (CsvReader in = new CsvReader(path, false)) {
      List<String> header = in.next();
      if (header == null) {
        throw InputFile.problem(path, "is empty", "give a table with the columns label and path");
      }
      LabelledTable.read(
          path,
          header,
          new LabelledTable.RowReader() {
            @Override
            public List<String> next() {
              return in.next();
            }

            @Override
            public String at() {
              return "line " + in.line();
            }
          },
          into);
    }
  }
}
