package io.vicinal.nn.network;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.WeightFile;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The values of a network's variables, read from a file and compared with what it declares.
 *
 * @param values of the variables, by name, in their order
 * @param classifier the weight of the layer behind the features, [classes, F], null if the file has
 *     none
 * @param bias its bias, [classes], null if the file has none
 * @param others names in the file that the network does not know
 * @param notes what is not obvious about how the file was read, a sentence each
 */
public record NetworkWeights(
    Map<String, Tensor> values,
    Tensor classifier,
    Tensor bias,
    List<String> others,
    List<String> notes) {
  private static final int NAMED = 4;

  /**
   * Reads weights. Counts of steps may be missing, nothing else.
   *
   * @param file as {@link WeightFile} takes it
   * @param variables what a network declares
   * @param classifier the name of its layer behind the features
   * @param dtype the type of a run, to which values are converted
   * @throws InputException if a variable is missing or of another shape, or has values that are not
   *     finite; the message names which
   */
  public static NetworkWeights read(
      Path file, Arena arena, DType dtype, List<Variable> variables, String classifier) {
    List<String> notes = new ArrayList<>();
    Map<String, Tensor> found = new LinkedHashMap<>(WeightFile.read(file, arena, notes::add));
    Map<String, Tensor> values = new LinkedHashMap<>();
    List<String> missing = new ArrayList<>();
    List<String> shapes = new ArrayList<>();
    for (Variable variable : variables) {
      Tensor tensor = found.remove(variable.name());
      if (tensor == null && variable.kind() == Variable.Kind.COUNT) {
        tensor = variable.create(arena, dtype, 0);
      }
      if (tensor == null) {
        missing.add(variable.toString());
      } else if (!Arrays.equals(tensor.shape().dims(), variable.shape())) {
        shapes.add(variable.name() + " " + tensor.shape() + " in place of " + variable.size());
      } else {
        boolean count = variable.kind() == Variable.Kind.COUNT;
        values.put(variable.name(), count ? tensor : finite(file, variable, tensor, arena, dtype));
      }
    }
    if (!missing.isEmpty() || !shapes.isEmpty()) {
      throw unlike(file, missing, shapes, List.copyOf(found.keySet()));
    }
    Tensor weight = rows(found.remove(classifier + ".weight"));
    Tensor bias = found.remove(classifier + ".bias");
    return new NetworkWeights(
        values,
        as(weight, arena, dtype),
        as(bias, arena, dtype),
        List.copyOf(found.keySet()),
        notes);
  }

  /** As a matrix; some files have a convolution of 1 x 1 there. */
  private static Tensor rows(Tensor weight) {
    boolean convolution =
        weight != null && weight.shape().rank() == 4 && weight.dim(2) == 1 && weight.dim(3) == 1;
    return convolution ? weight.reshape(weight.dim(0), weight.dim(1)) : weight;
  }

  private static InputException unlike(
      Path file, List<String> missing, List<String> shapes, List<String> others) {
    List<String> wrong = new ArrayList<>();
    if (!missing.isEmpty()) {
      wrong.add("lacks " + some(missing));
    }
    if (!shapes.isEmpty()) {
      wrong.add("has " + some(shapes));
    }
    if (!others.isEmpty()) {
      wrong.add("has " + some(others) + ", unknown here");
    }
    return InputFile.problem(
        file, String.join("; ", wrong), "name the network that these weights are of", null);
  }

  private static String some(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
    return names.size() > NAMED ? first + " and " + (names.size() - NAMED) + " more" : first;
  }

  private static Tensor finite(
      Path file, Variable variable, Tensor tensor, Arena arena, DType dtype) {
    double[] values = tensor.toDoubles();
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw InputFile.problem(
            file,
            variable.name() + " has " + values[i] + " at entry " + i,
            "take weights of a training that ended well",
            null);
      }
    }
    return as(tensor, arena, dtype);
  }

  private static Tensor as(Tensor tensor, Arena arena, DType dtype) {
    if (tensor == null || tensor.dtype() == dtype) {
      return tensor;
    }
    Tensor typed = arena.allocate(dtype, tensor.shape());
    typed.copyFrom(tensor);
    return typed;
  }
}
