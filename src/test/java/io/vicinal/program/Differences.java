package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Derivatives of a program against central differences in double: the gradient and the
 * Hessian-vector product of an output of rank 0, and the tangents of all outputs.
 */
final class Differences {
  private static final double STEP = 1e-5;

  /** Of a central difference with that step, for values and third derivatives of order 10. */
  private static final double TOLERANCE = 2e-7;

  private Differences() {}

  static void check(String what, Program program, String output, Map<String, Values> inputs) {
    check(what, program, output, inputs, 1);
  }

  /** The gradient, and the tangents of what is real, of what has no second derivative. */
  static void checkOnce(String what, Program program, String output, Map<String, Values> inputs) {
    List<String> moving = moving(program);
    checkGradient(what, program, output, moving, inputs, 1);
    checkTangents(what, program, moving, inputs, 1);
  }

  /**
   * @param factor what a derivative is of the difference: 0 where it is stopped, -1 where reversed
   */
  static void check(
      String what, Program program, String output, Map<String, Values> inputs, double factor) {
    List<String> moving = moving(program);
    Program gradient = checkGradient(what, program, output, moving, inputs, factor);
    checkTangents(what, gradient, moving, inputs, factor);
  }

  private static List<String> moving(Program program) {
    return program.inputs().stream()
        .filter(input -> input.type() == Expr.Type.REAL && !input.name().equals("weights"))
        .map(Expr::name)
        .toList();
  }

  private static Program checkGradient(
      String what,
      Program program,
      String output,
      List<String> moving,
      Map<String, Values> inputs,
      double factor) {
    Program gradient = Reverse.of(program, output, moving);
    Map<String, Values> gradients = Interpreter.run(gradient, inputs);
    for (String name : moving) {
      Values one = gradients.get("gradient." + name);
      assertThat(one.shape()).as(what + ": gradient.%s", name).isEqualTo(inputs.get(name).shape());
      Values difference =
          Values.each(
              one.shape(),
              index -> {
                Values unit = Values.each(one.shape(), i -> Arrays.equals(i, index) ? 1 : 0);
                return difference(program, inputs, Map.of(name, unit)).get(output).scalar();
              });
      assertClose(what + ": gradient." + name, one, difference, factor);
    }
    return gradient;
  }

  private static void checkTangents(
      String what,
      Program gradient,
      List<String> moving,
      Map<String, Values> inputs,
      double factor) {
    Map<String, Values> directions = new LinkedHashMap<>();
    Random random = new Random(17);
    moving.forEach(
        name ->
            directions.put(
                name, Values.each(inputs.get(name).shape(), i -> 2 * random.nextDouble() - 1)));
    List<String> outputs = new ArrayList<>(gradient.outputs().keySet());
    outputs.removeIf(name -> gradient.output(name).type() == Expr.Type.INT);
    Program tangent = Forward.of(gradient, outputs, moving);
    Map<String, Values> all = new HashMap<>(inputs);
    directions.forEach((name, values) -> all.put("direction." + name, values));
    Map<String, Values> tangents = Interpreter.run(tangent, all);
    Map<String, Values> differences = difference(gradient, inputs, directions);
    for (String name : outputs) {
      assertThat(tangents.get("tangent." + name).shape()).isEqualTo(tangents.get(name).shape());
      assertClose(
          what + ": tangent." + name,
          tangents.get("tangent." + name),
          differences.get(name),
          factor);
    }
  }

  private static Map<String, Values> difference(
      Program program, Map<String, Values> inputs, Map<String, Values> directions) {
    Map<String, Values> above = Interpreter.run(program, moved(inputs, directions, STEP));
    Map<String, Values> below = Interpreter.run(program, moved(inputs, directions, -STEP));
    Map<String, Values> differences = new HashMap<>();
    above.forEach(
        (name, values) ->
            differences.put(
                name,
                Values.each(
                    values.shape(), i -> (values.at(i) - below.get(name).at(i)) / (2 * STEP))));
    return differences;
  }

  private static Map<String, Values> moved(
      Map<String, Values> inputs, Map<String, Values> directions, double step) {
    Map<String, Values> moved = new HashMap<>(inputs);
    directions.forEach((name, values) -> moved.put(name, inputs.get(name).plus(step, values)));
    return moved;
  }

  private static void assertClose(String what, Values actual, Values difference, double factor) {
    for (int i = 0; i < actual.data().length; i++) {
      double expected = factor * difference.data()[i];
      double error = Math.abs(actual.data()[i] - expected);
      assertThat(error <= TOLERANCE * (1 + Math.abs(expected)))
          .as("%s: %s, differences times %s: %s", what, actual, factor, difference)
          .isTrue();
    }
  }
}
