package io.vicinal.data.dataset;

import io.vicinal.OptionalLibrary;
import io.vicinal.data.ParquetRows;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A table of paths and labels in a Parquet file. */
@DatasetFormat.Facts(
    name = "parquet",
    layout =
        "a .parquet with the columns of csv; of others those of texts, numbers and truth values are"
            + " kept. Paths start from its folder",
    source = "the columns of OpenMetricLearning")
public record ParquetFormat() implements DatasetFormat {
  @Override
  public boolean matches(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).endsWith(".parquet");
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    OptionalLibrary.requireParquet();
    try (ParquetRows in = new ParquetRows(path)) {
      LabelledTable.read(
          path,
          in.header(),
          new LabelledTable.RowReader() {
            @Override
            public List<String> next() {
              return in.next();
            }

            @Override
            public String at() {
              return "row " + in.row();
            }
          },
          into);
      if (!in.leftOut().isEmpty()) {
        into.note("columns that are not kept: " + String.join(", ", in.leftOut()));
      }
    }
  }
}
