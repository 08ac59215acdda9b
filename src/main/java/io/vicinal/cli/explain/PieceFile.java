package io.vicinal.cli.explain;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.ToNumberPolicy;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.vicinal.data.AtomicFile;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A record as files: NAME.json, and NAME.npy of the one matrix that it may hold. Numbers are read
 * as they were, to the digit. JSON has no infinity, but numbers too large for any type, which are
 * read as one; and it has no NaN, for which null stands. A NaN among objects stays null.
 */
final class PieceFile {
  /** Of what lies in the files; counted up when a piece's record changes. */
  static final int FORMAT = 3;

  private final Path json;
  private final Path matrix;
  private final Gson gson =
      new GsonBuilder()
          .serializeNulls()
          .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
          .registerTypeAdapter(double.class, new Number())
          .registerTypeAdapter(Double.class, new Number())
          .registerTypeAdapter(double[][].class, new Matrix())
          .create();

  PieceFile(Path name) {
    json = name.resolveSibling(name.getFileName() + ".json");
    matrix = name.resolveSibling(name.getFileName() + ".npy");
  }

  /** The matrix first: the JSON says that the piece is whole. */
  void write(Record piece) {
    AtomicFile.writeText(json, gson.toJson(piece));
  }

  /** null if there is none, it is damaged, or lacks a component: it is made again. */
  <T extends Record> T read(Class<T> type) {
    try {
      JsonObject piece = gson.fromJson(Files.readString(json), JsonObject.class);
      boolean whole =
          Arrays.stream(type.getRecordComponents()).allMatch(c -> piece.has(c.getName()));
      return whole ? gson.fromJson(piece, type) : null;
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  private static final class Number extends TypeAdapter<Double> {
    @Override
    public void write(JsonWriter out, Double value) throws IOException {
      if (value != null && value.isInfinite()) {
        out.jsonValue(value > 0 ? "1e999" : "-1e999");
      } else {
        out.value(value == null || value.isNaN() ? null : value);
      }
    }

    @Override
    public Double read(JsonReader in) throws IOException {
      if (in.peek() == JsonToken.NULL) {
        in.nextNull();
        return Double.NaN;
      }
      return in.nextDouble();
    }
  }

  private final class Matrix extends TypeAdapter<double[][]> {
    @Override
    public void write(JsonWriter out, double[][] rows) throws IOException {
      if (rows == null) {
        out.nullValue();
        return;
      }
      try (Arena arena = Arena.host()) {
        Tensor values = arena.allocate(DType.F64, rows.length, rows[0].length);
        for (int r = 0; r < rows.length; r++) {
          values.rows(r, r + 1L).set(rows[r]);
        }
        Npy.write(matrix, values);
      }
      out.value(matrix.getFileName().toString());
    }

    @Override
    public double[][] read(JsonReader in) throws IOException {
      if (in.peek() == JsonToken.NULL) {
        in.nextNull();
        return null;
      }
      in.nextString();
      try (Arena arena = Arena.host()) {
        Tensor values = Npy.read(matrix, arena);
        double[][] rows = new double[(int) values.dim(0)][];
        for (int r = 0; r < rows.length; r++) {
          rows[r] = values.rows(r, r + 1L).toDoubles();
        }
        return rows;
      }
    }
  }
}
