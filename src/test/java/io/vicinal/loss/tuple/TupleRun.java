package io.vicinal.loss.tuple;

import io.vicinal.backend.Backend;
import io.vicinal.loss.tuple.TupleCase.Learned;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.program.Executable;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A loss's programs on a device, run with the arrays of a case. */
final class TupleRun implements AutoCloseable {
  private final List<String> variables;
  private final Executable gradient;
  private final Executable product;

  TupleRun(Backend backend, TupleLoss loss, Tuples mined, boolean normalized) {
    this(backend, new TupleProgram(loss, mined, normalized));
  }

  TupleRun(Backend backend, TupleProgram program) {
    variables = program.variables();
    gradient = program.gradient(backend);
    product = program.product(backend);
  }

  /** What the gradient is taken of. */
  List<String> variables() {
    return variables;
  }

  /** The outputs of the value with its gradient. */
  Map<String, double[]> gradient(TupleCase in, DType type) {
    return run(gradient, in, Map.of(), type);
  }

  /** The outputs of the Hessian along directions of all variables. */
  Map<String, double[]> product(TupleCase in, Map<String, double[]> directions, DType type) {
    return run(product, in, directions, type);
  }

  /** What the value and its gradient need beside inputs and outputs. */
  long temporaryBytes(TupleCase in, DType type) {
    try (Arena arena = Arena.host()) {
      return gradient.temporaryBytes(inputs(arena, in, Map.of(), type));
    }
  }

  private static Map<String, double[]> run(
      Executable program, TupleCase in, Map<String, double[]> directions, DType type) {
    try (Arena arena = Arena.host()) {
      Map<String, double[]> outputs = new LinkedHashMap<>();
      program
          .run(arena, inputs(arena, in, directions, type))
          .forEach((name, x) -> outputs.put(name, x.toDoubles()));
      return outputs;
    }
  }

  private static Map<String, Tensor> inputs(
      Arena arena, TupleCase in, Map<String, double[]> directions, DType type) {
    Map<String, Tensor> inputs = new HashMap<>();
    double[] rows = flat(in.rows());
    long[] labels = in.labels();
    long[] shape = {in.batch(), in.width()};
    inputs.put("embedding", real(arena, type, Arrays.copyOf(rows, in.batch() * in.width()), shape));
    inputs.put("labels", arena.of(Arrays.copyOf(labels, in.batch()), in.batch()));
    inputs.put("references", real(arena, type, rows, in.count(), in.width()));
    inputs.put("reference-labels", arena.of(labels, in.count()));
    in.learned().forEach((name, x) -> inputs.put(name, real(arena, type, x.data(), x.shape())));
    directions.forEach(
        (name, x) -> {
          Learned like = in.learned().get(name);
          long[] sizes =
              like == null ? new long[] {x.length / in.width(), in.width()} : like.shape();
          inputs.put("direction." + name, real(arena, type, x, sizes));
        });
    tuples(arena, in, type, inputs);
    return inputs;
  }

  private static void tuples(Arena arena, TupleCase in, DType type, Map<String, Tensor> inputs) {
    if (in.mined() == null) {
      return;
    }
    if (in.mined() == Tuples.SETS) {
      for (String name : List.of("positives", "negatives")) {
        double[] mask = new double[in.batch() * in.count()];
        for (int[] tuple : in.tuples()) {
          if (tuple[2] == (name.equals("positives") ? 1 : 0)) {
            mask[tuple[0] * in.count() + tuple[1]] = 1;
          }
        }
        inputs.put(name, real(arena, type, mask, in.batch(), in.count()));
      }
      return;
    }
    List<String> members =
        in.mined() == Tuples.PAIRS
            ? List.of("anchors", "others", "signs")
            : List.of("anchors", "positives", "negatives", "fourths");
    int size = in.mined() == Tuples.QUADRUPLETS ? 4 : 3;
    for (int k = 0; k < size; k++) {
      int member = k;
      long[] column = Arrays.stream(in.tuples()).mapToLong(tuple -> tuple[member]).toArray();
      inputs.put(members.get(k), arena.of(column, column.length));
    }
  }

  private static Tensor real(Arena arena, DType type, double[] values, long... shape) {
    Tensor tensor = arena.allocate(type, shape);
    tensor.set(values);
    return tensor;
  }

  static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  @Override
  public void close() {
    gradient.close();
    product.close();
  }
}
