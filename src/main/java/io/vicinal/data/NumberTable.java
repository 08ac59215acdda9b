package io.vicinal.data;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;

/** Columns of a table as a matrix, whose numbers are read when they are asked for. Immutable. */
interface NumberTable {
  /** [rows, numbers of a row]. */
  Shape shape();

  /** The type that holds all numbers. */
  DType number();

  /** What is read, in a sentence. */
  String words();

  /** Reads all of it. */
  Tensor read(Arena arena, DType type);

  /**
   * Says what {@link #read} would refuse.
   *
   * @return the flat index of the first number that is NaN or infinite, -1 if there is none
   */
  long check(DType type);

  /**
   * What some of the features are called.
   *
   * @return null where they have no names of their own
   */
  TableColumns columns(int... features);
}
