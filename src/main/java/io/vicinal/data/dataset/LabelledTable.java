package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Rows of paths with labels, in the columns of OML: {@code label} and {@code path}; {@code split},
 * {@code is_query}, {@code is_gallery}; {@code x_1, x_2, y_1, y_2}, a part of the picture; {@code
 * category}, the class above. Others are kept as they are.
 */
final class LabelledTable {
  private static final List<String> CORNERS = List.of("x_1", "y_1", "x_2", "y_2");
  private static final Set<String> OWN =
      Set.of(
          "label",
          "path",
          "split",
          "is_query",
          "is_gallery",
          "category",
          "x_1",
          "x_2",
          "y_1",
          "y_2");
  private static final Set<String> MISSING = Set.of("", "nan", "none", "null", "<na>");

  /** Where rows come from. */
  interface RowReader {
    /** The next row's cells, empty where nothing is; null at the end. */
    List<String> next();

    /** The place of the latest row, such as "line 7". */
    String at();
  }

  private final Path file;
  private final List<String> header;
  private final DatasetBuilder into;

  private LabelledTable(Path file, List<String> header, DatasetBuilder into) {
    this.file = file;
    this.header = header;
    this.into = into;
  }

  /** Reads all rows. Paths that are not absolute start from the table's folder. */
  static void read(Path file, List<String> header, RowReader rows, DatasetBuilder into) {
    LabelledTable table = new LabelledTable(file, header, into);
    for (String needed : List.of("label", "path")) {
      if (!header.contains(needed)) {
        throw InputFile.problem(
            file,
            "has no column '" + needed + "'",
            "call two of its columns label and path; it has: " + InputFile.listed(header));
      }
    }
    for (String name : header) {
      if (header.indexOf(name) != header.lastIndexOf(name)) {
        throw InputFile.problem(
            file, "has two columns '" + InputFile.printable(name) + "'", "rename one");
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    into.root(file.getParent() == null ? folder : file.getParent());
    List<String> row = rows.next();
    if (row == null) {
      throw InputFile.problem(file, "has no rows", "check the file");
    }
    for (; row != null; row = rows.next()) {
      table.row(row, rows.at());
    }
    into.sortClasses(true);
  }

  private String cell(List<String> row, String column) {
    int at = header.indexOf(column);
    return at < 0 ? "" : row.get(at);
  }

  private void row(List<String> row, String at) {
    if (row.size() != header.size()) {
      into.bad(
          file, at + " has " + row.size() + " cells where the first line has " + header.size());
      return;
    }
    String label = cell(row, "label");
    if (label.isEmpty()) {
      into.bad(file, at + " has no label");
      return;
    }
    float[] box = new float[4];
    if (!box(row, at, box)) {
      return;
    }
    int query = flag(row, "is_query", at);
    int gallery = flag(row, "is_gallery", at);
    String key = Float.isNaN(box[0]) ? "" : List.of(box[0], box[1], box[2], box[3]).toString();
    if (query < -1 || gallery < -1 || !into.listed(file, at, cell(row, "path"), key)) {
      return;
    }
    String split = cell(row, "split");
    into.add(
        cell(row, "path"),
        into.classOf(label),
        MISSING.contains(split.toLowerCase(Locale.ROOT)) ? Dataset.ALL : FolderFormat.split(split));
    if (header.contains("is_query") || header.contains("is_gallery")) {
      into.place(file, at);
    }
    if (query >= 0) {
      into.query(query == 1);
    }
    if (gallery >= 0) {
      into.searched(gallery == 1);
    }
    if (!Float.isNaN(box[0])) {
      into.box(box[0], box[1], box[2], box[3]);
    }
    if (header.contains("category")) {
      into.superClass(cell(row, "category"));
    }
    for (String name : header) {
      if (!OWN.contains(name)) {
        into.cell(name, cell(row, name));
      }
    }
  }

  /** 1 or 0, -1 where nothing is said, -2 where it cannot be understood. */
  private int flag(List<String> row, String column, String at) {
    String text = cell(row, column).toLowerCase(Locale.ROOT);
    if (MISSING.contains(text)) {
      return -1;
    }
    if (Set.of("true", "1", "1.0").contains(text)) {
      return 1;
    }
    if (Set.of("false", "0", "0.0").contains(text)) {
      return 0;
    }
    into.bad(file, at + ": " + column + " '" + text + "' is neither true nor false");
    return -2;
  }

  /** Left, top, right, bottom; NaN without a box. */
  private boolean box(List<String> row, String at, float[] box) {
    Arrays.fill(box, Float.NaN);
    if (CORNERS.stream().allMatch(c -> MISSING.contains(cell(row, c).toLowerCase(Locale.ROOT)))) {
      return true;
    }
    try {
      for (int k = 0; k < 4; k++) {
        box[k] = Float.parseFloat(cell(row, CORNERS.get(k)));
      }
    } catch (NumberFormatException e) {
      box[2] = Float.NaN; // refused below
    }
    boolean good = box[0] >= 0 && box[1] >= 0 && box[2] > box[0] && box[3] > box[1];
    if (!good || Float.isInfinite(box[2]) || Float.isInfinite(box[3])) {
      into.bad(file, at + ": x_1, y_1, x_2, y_2 are no corners of a part of the picture");
      return false;
    }
    return true;
  }
}
