package io.vicinal.data;

import io.vicinal.tensor.Tensor;
import java.util.function.LongFunction;
import java.util.function.LongToDoubleFunction;
import java.util.function.LongUnaryOperator;

/** A column of a {@link TableFile}: one of the four by row, the others are null. */
record TableColumn(
    String name,
    LongUnaryOperator whole,
    LongToDoubleFunction number,
    LongFunction<String> text,
    Tensor matrix) {}
