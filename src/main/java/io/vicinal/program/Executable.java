package io.vicinal.program;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CompiledProgram;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program on a device, ready to run. Real inputs of one run are all F32 or all F64, numbers (rank
 * 0) always F64, labels and indices I64; outputs are likewise.
 *
 * <p>Thread safety: any number of threads may run it.
 */
public final class Executable implements AutoCloseable {
  private final Program program;
  private final List<String> inputs;
  private final List<String> outputs;
  private final CompiledProgram compiled;

  /** Hands a program to a device. */
  public Executable(Backend backend, Program program) {
    this.program = program;
    inputs = program.inputs().stream().map(Expr::name).toList();
    outputs = List.copyOf(program.outputs().keySet());
    compiled = backend.compile(program.toString(), inputs, outputs);
  }

  /** Names of the inputs that a run takes. */
  public List<String> inputs() {
    return inputs;
  }

  /** Names of the outputs that a run gives. */
  public List<String> outputs() {
    return outputs;
  }

  /**
   * Runs the program with outputs of its own.
   *
   * @param arena where the outputs are made
   * @param inputs by name; others than the program's own are left alone
   * @return the outputs by name, in their order
   */
  public Map<String, Tensor> run(Arena arena, Map<String, Tensor> inputs) {
    List<Tensor> in = inputs(inputs);
    List<Tensor> out = new ArrayList<>();
    for (CompiledProgram.Form form : compiled.needs(in).outputs()) {
      out.add(arena.allocate(form.type(), form.shape()));
    }
    compiled.run(in, out);
    Map<String, Tensor> results = new LinkedHashMap<>();
    for (int i = 0; i < out.size(); i++) {
      results.put(outputs.get(i), out.get(i));
    }
    return results;
  }

  /** Runs the program into given outputs. */
  public void run(Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
    compiled.run(inputs(inputs), pick("output", this.outputs, outputs));
  }

  /** Bytes of memory that a run takes beside inputs and outputs. */
  public long temporaryBytes(Map<String, Tensor> inputs) {
    return compiled.needs(inputs(inputs)).temporaryBytes();
  }

  /** The inputs in their order; derivatives rely on axes of one name having one size. */
  private List<Tensor> inputs(Map<String, Tensor> given) {
    List<Tensor> tensors = pick("input", inputs, given);
    Map<String, long[]> shapes = new HashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      shapes.put(inputs.get(i), tensors.get(i).shape().dims());
    }
    try {
      program.requireSizes(shapes);
    } catch (IllegalArgumentException e) {
      throw new InputException("program: " + e.getMessage(), e);
    }
    return tensors;
  }

  private static List<Tensor> pick(String kind, List<String> names, Map<String, Tensor> given) {
    List<Tensor> tensors = new ArrayList<>(names.size());
    for (String name : names) {
      Tensor tensor = given.get(name);
      if (tensor == null) {
        throw new InputException("program: " + kind + " " + name + " is missing");
      }
      tensors.add(tensor);
    }
    return tensors;
  }

  @Override
  public void close() {
    compiled.close();
  }
}
