package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.TooLargeException;
import io.vicinal.loss.Loss;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Reads the array arguments of a command into one arena and checks them: every complaint names the
 * file, the place inside it and the remedy; what is not obvious about a conversion is said on the
 * standard error, once. {@link ArrayFile} says what an argument may name. Not for several threads
 * at once.
 */
public final class ArrayFiles {
  private final Arena arena;
  private final Backend backend;
  private final Set<String> said = new HashSet<>();
  private Path[] beside = {};
  private String wider = "take a head that was trained with --set compute.dtype=float64";

  public ArrayFiles(Arena arena, Backend backend) {
    this.arena = arena;
    this.backend = backend;
  }

  /**
   * What the command reads as labels and names, null for none: columns of a table that are named
   * there are no features of it.
   */
  public ArrayFiles beside(Path... paths) {
    beside = paths.clone();
    return this;
  }

  /** What the user can do for float64, if it is no head that asks for float32. */
  public ArrayFiles wider(String option) {
    wider = option;
    return this;
  }

  private Tensor fitting(Supplier<Tensor> read) {
    try {
      return read.get();
    } catch (TooLargeException e) {
      throw e.or(wider);
    }
  }

  private void note(String sentence) {
    if (said.add(sentence)) {
      System.err.println(sentence);
    }
  }

  /** A non-empty matrix of finite numbers, converted to {@code type} (null: the file's own). */
  public Tensor matrix(Path file, DType type) {
    checkMatrix(file);
    return finite(file, fitting(() -> ArrayFile.read(file, arena, type, this::note, beside)));
  }

  /**
   * As {@link #matrix}, but a large file that has the type already stays where it is and is mapped;
   * it must not be cut meanwhile.
   */
  public Tensor largeMatrix(Path file, DType type) {
    checkMatrix(file);
    return finite(file, fitting(() -> ArrayFile.mapLarge(file, arena, type, this::note, beside)));
  }

  /** Finite numbers [images, height, width, channels], none of them 0. */
  public Tensor images(Path file, DType type) {
    Shape shape = ArrayFile.storedShape(file);
    if (shape != null && (shape.rank() != 4 || shape.size() == 0)) {
      throw Text.wrong(
          "%s: has shape %s; save images as [images, height, width, channels]", file, shape);
    }
    return finite(file, fitting(() -> ArrayFile.read(file, arena, type, this::note)));
  }

  private void checkMatrix(Path file) {
    Shape shape = ArrayFile.storedShape(file);
    if (shape != null && (shape.rank() != 2 || shape.size() == 0)) {
      throw Text.wrong(
          "%s: has shape %s; save a non-empty matrix [rows, columns]%s",
          file, shape, ArrayFile.asRows(shape));
    }
  }

  /** Finite numbers of exactly this shape; {@code meaning} says what the shape is. */
  public Tensor exactly(Path file, DType type, String meaning, long... dims) {
    Shape stored = ArrayFile.storedShape(file);
    if (stored != null) {
      checkShape(file, stored, meaning, dims); // before anything large is read
    }
    Tensor values = fitting(() -> ArrayFile.read(file, arena, type, this::note));
    checkShape(file, values.shape(), meaning, dims);
    return finite(file, values).reshape(dims);
  }

  private static void checkShape(Path file, Shape shape, String meaning, long... dims) {
    Shape wanted = Shape.of(dims);
    boolean column = dims.length == 1 && shape.equals(Shape.of(dims[0], 1));
    if (!shape.equals(wanted) && !column) {
      throw new InputException(
          file + ": has shape " + shape + "; it must be " + wanted + ", " + meaning);
    }
  }

  /** As {@link #exactly}, and none below zero. */
  public Tensor nonNegative(Path file, DType type, String meaning, long... dims) {
    Tensor values = exactly(file, type, meaning, dims);
    double[] copy = values.toDoubles();
    for (int i = 0; i < copy.length; i++) {
      if (copy[i] < 0) {
        throw Text.wrong(
            "%s: %s at %s is negative; use 0 or more", file, copy[i], place(i, values.shape()));
      }
    }
    return values;
  }

  /** One label per row of {@code rows}. */
  public Tensor labels(Path file, Path rowsFile, long rows) {
    return labels(file, rowsFile, rows, Names.none()).ids();
  }

  /**
   * One label per row of {@code rows}, texts among them as classes.
   *
   * @param known names of classes whose ids texts get
   */
  public Labels labels(Path file, Path rowsFile, long rows, Names known) {
    Labels labels = Labels.read(file, arena, known, this::note);
    if (labels.ids().size() != rows) {
      throw Text.wrong(
          "%s: %s labels for the %s rows of %s; save one label per row",
          file, labels.ids().size(), rows, rowsFile);
    }
    return labels;
  }

  /**
   * How many classes proxies are of.
   *
   * @param rows what to call them
   */
  public static long classes(Path file, Tensor proxies, String rows, Loss loss) {
    if (proxies.dim(0) % loss.centers() != 0) {
      throw Text.wrong(
          "%s: %d %s are not a multiple of the %d centres per class; set --param centers=K to match",
          file, proxies.dim(0), rows, loss.centers());
    }
    return proxies.dim(0) / loss.centers();
  }

  /** Refuses labels of classes that have no proxies. */
  public static void checkProxies(
      Path file, Tensor labels, Path proxies, long classes, String remedy) {
    long[] ids = labels.toLongs();
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= classes) {
        throw Text.wrong(
            "%s: label %d at [%d] has no proxy: %s holds the classes 0..%d; %s",
            file, ids[i], i, proxies, classes - 1, remedy);
      }
    }
  }

  private Tensor finite(Path file, Tensor values) {
    long bad = backend.findNonFinite(values);
    if (bad >= 0) {
      throw Text.wrong(
          "%s: %s at %s%s; remove or repair that row",
          file,
          values.at(bad),
          place(bad, values.shape()),
          values.shape().rank() == 2 ? ArrayFile.column(file, bad % values.dim(1), beside) : "");
    }
    return values;
  }

  /** A flat index as NumPy writes it: {@code [row, column]}. */
  public static String place(long flat, Shape shape) {
    long[] at = new long[shape.rank()];
    for (int i = at.length - 1; i >= 0; i--) {
      at[i] = flat % shape.dim(i);
      flat /= shape.dim(i);
    }
    return Arrays.toString(at);
  }
}
