package io.vicinal.cli;

import io.vicinal.data.TableFile;
import io.vicinal.data.dataset.Dataset;
import java.nio.file.Path;
import java.util.function.Function;
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
    TableFile table =
        new TableFile(data.size())
            .texts("label", id -> data.classes().get(data.label((int) id)))
            .texts(
                data.pixels() == null ? "path" : "name",
                id ->
                    data.pixels() == null
                        ? written(folder, data.file((int) id))
                        : data.name((int) id))
            .texts("split", id -> data.split((int) id))
            .texts("is_query", id -> Boolean.toString(data.isQuery((int) id)))
            .texts("is_gallery", id -> Boolean.toString(data.isGallery((int) id)));
    if (data.superClasses().known()) {
      table.texts("category", id -> data.superClasses().get(data.superClass((int) id)));
    }
    if (IntStream.range(0, data.size()).anyMatch(id -> data.box(id) != null)) {
      corner(table, data, "x_1", Dataset.Box::left);
      corner(table, data, "y_1", Dataset.Box::top);
      corner(table, data, "x_2", Dataset.Box::right);
      corner(table, data, "y_2", Dataset.Box::bottom);
    }
    for (String column : data.columns()) {
      table.texts(column, id -> data.cell(column, (int) id));
    }
    table.write(file);
  }

  private static void corner(
      TableFile table, Dataset data, String name, Function<Dataset.Box, Float> corner) {
    table.texts(
        name,
        id -> {
          Dataset.Box box = data.box((int) id);
          return box == null ? "" : corner.apply(box).toString();
        });
  }

  private static String written(Path folder, Path file) {
    Path whole = file.toAbsolutePath().normalize();
    return (whole.startsWith(folder) ? folder.relativize(whole) : whole).toString();
  }
}
