package io.vicinal.cli;

import io.vicinal.cli.common.CsvFile;
import io.vicinal.data.dataset.Dataset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A dataset as a table, a row a sample, which is a dataset itself. Stateless. */
final class DatasetTable {
  private DatasetTable() {}

  /**
   * In OML's columns.
   *
   * @param folder absolute, where the file will be in the end: paths are read from there
   */
  static void write(Dataset data, Path file, Path folder) {
    boolean above = data.superClasses().known();
    boolean boxes = IntStream.range(0, data.size()).anyMatch(id -> data.box(id) != null);
    List<String> header =
        new ArrayList<>(
            List.of(
                "label",
                data.pixels() == null ? "path" : "name",
                "split",
                "is_query",
                "is_gallery"));
    if (above) {
      header.add("category");
    }
    if (boxes) {
      header.addAll(List.of("x_1", "y_1", "x_2", "y_2"));
    }
    header.addAll(data.columns());
    CsvFile table = new CsvFile(header.toArray(new String[0]));
    for (int id = 0; id < data.size(); id++) {
      List<Object> row = new ArrayList<>();
      row.add(data.classes().get(data.label(id)));
      row.add(data.pixels() == null ? written(folder, data.file(id)) : data.name(id));
      row.add(data.split(id));
      row.add(data.isQuery(id));
      row.add(data.isGallery(id));
      if (above) {
        row.add(data.superClasses().get(data.superClass(id)));
      }
      if (boxes) {
        Dataset.Box box = data.box(id);
        row.addAll(
            box == null
                ? Arrays.asList(null, null, null, null)
                : List.of(box.left(), box.top(), box.right(), box.bottom()));
      }
      for (String column : data.columns()) {
        row.add(data.cell(column, id));
      }
      table.row(row.toArray());
    }
    table.write(file);
  }

  private static String written(Path folder, Path file) {
    Path whole = file.toAbsolutePath().normalize();
    return (whole.startsWith(folder) ? folder.relativize(whole) : whole).toString();
  }
}
