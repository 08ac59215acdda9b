package io.vicinal.data.dataset;

import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.data.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.format.Mat5File;
import us.hebi.matlab.mat.types.Array;
import us.hebi.matlab.mat.types.Cell;
import us.hebi.matlab.mat.types.Char;
import us.hebi.matlab.mat.types.MatFile;
import us.hebi.matlab.mat.types.Matrix;
import us.hebi.matlab.mat.types.Struct;

/** Lists of texts and lists of records in a MATLAB file of level 5. */
final class MatlabFile {
  private static final String AGAIN = "unpack it again";

  private final Path path;
  private final Mat5File file; // not its interface, which a verifier without the library would load

  private MatlabFile(Path path, Mat5File file) {
    this.path = path;
    this.file = file;
  }

  /**
   * Reads a file whole.
   *
   * @throws InputException if it is none
   */
  static MatlabFile open(Path path) {
    OptionalLibrary.MATLAB.require("a .mat file");
    InputFile.open(path).close(); // says what cannot be opened
    try {
      return new MatlabFile(path, Mat5.readFromFile(path.toFile()));
    } catch (IOException | RuntimeException e) {
      throw InputFile.problem(
          path, "is no .mat that can be read (" + InputFile.reason(e) + ")", AGAIN, e);
    }
  }

  private <T> T variable(String name, Class<T> type) {
    for (MatFile.Entry entry : file.getEntries()) {
      if (entry.getName().equals(name) && type.isInstance(entry.getValue())) {
        return type.cast(entry.getValue());
      }
    }
    throw InputFile.problem(
        path, "has no " + type.getSimpleName().toLowerCase(Locale.ROOT) + " '" + name + "'", AGAIN);
  }

  /** The texts of a cell array; none if there is no such variable. */
  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    for (MatFile.Entry entry : file.getEntries()) {
      if (entry.getName().equals(name)) {
        Cell cell = variable(name, Cell.class);
        for (int i = 0; i < cell.getNumElements(); i++) {
          Array one = cell.get(i); // else it is either of two methods
          texts.add(text(one, name, i));
        }
      }
    }
    return texts;
  }

  /** How many records a struct array has. */
  int rows(String struct) {
    return variable(struct, Struct.class).getNumElements();
  }

  /** A field of a record, a text. */
  String text(String struct, String field, int row) {
    return text(field(struct, field, row), field, row);
  }

  /** A field of a record, a number. */
  double number(String struct, String field, int row) {
    Array value = field(struct, field, row);
    if (value instanceof Matrix matrix && matrix.getNumElements() == 1) {
      return matrix.getDouble(0);
    }
    throw wrong(field, row, "no number");
  }

  private Array field(String struct, String field, int row) {
    Struct records = variable(struct, Struct.class);
    if (!records.getFieldNames().contains(field)) {
      throw InputFile.problem(path, "'" + struct + "' has no field '" + field + "'", AGAIN);
    }
    return records.get(field, row);
  }

  private String text(Array value, String field, int row) {
    if (value instanceof Char text && text.getNumRows() == 1) {
      return text.getString();
    }
    throw wrong(field, row, "no text");
  }

  private InputException wrong(String field, int row, String what) {
    return InputFile.problem(path, field + " " + (row + 1) + " is " + what, AGAIN);
  }
}
