package io.vicinal.backend.engine;

import io.vicinal.InputException;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Lease;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks the tensors of one call: type, device, shape, and that no output overlaps another tensor.
 * Every refusal names the operation and the argument. One per call, for one thread.
 */
final class Arguments {
  private record Argument(String name, Tensor tensor, boolean output) {}

  private final String operation;
  private final DType type;
  private final List<Argument> all = new ArrayList<>(16);

  /**
   * @param typed a tensor whose type all numeric tensors of the call must have
   */
  Arguments(String operation, String name, Tensor typed) {
    this.operation = operation;
    this.type = needed(name, typed).dtype();
    if (!type.isFloat()) {
      throw problem(name, "is of int64; give float32 or float64");
    }
  }

  /** What the call does, for messages. */
  String operation() {
    return operation;
  }

  /** The numeric type of the call. */
  DType type() {
    return type;
  }

  /** A numeric input of a given rank whose sizes are still unknown. */
  Tensor matrix(String name, Tensor tensor) {
    typed(name, needed(name, tensor), type, false);
    if (tensor.shape().rank() != 2) {
      throw problem(name, "has shape " + tensor.shape() + " where a matrix is expected");
    }
    return tensor;
  }

  Arguments in(String name, Tensor tensor, long... dims) {
    return shaped(name, needed(name, tensor), type, false, dims);
  }

  Arguments optionalIn(String name, Tensor tensor, long... dims) {
    return tensor == null ? this : shaped(name, tensor, type, false, dims);
  }

  Arguments out(String name, Tensor tensor, long... dims) {
    return shaped(name, needed(name, tensor), type, true, dims);
  }

  Arguments optionalOut(String name, Tensor tensor, long... dims) {
    return tensor == null ? this : shaped(name, tensor, type, true, dims);
  }

  Arguments integers(String name, Tensor tensor, long... dims) {
    return shaped(name, needed(name, tensor), DType.I64, false, dims);
  }

  Arguments integersOut(String name, Tensor tensor, long... dims) {
    return shaped(name, needed(name, tensor), DType.I64, true, dims);
  }

  /** An output of doubles, whatever the type of the call. */
  Arguments doublesOut(String name, Tensor tensor, long... dims) {
    return shaped(name, needed(name, tensor), DType.F64, true, dims);
  }

  private Arguments shaped(String name, Tensor tensor, DType wanted, boolean output, long... dims) {
    typed(name, tensor, wanted, output);
    Shape expected = Shape.of(dims);
    if (!tensor.shape().equals(expected)) {
      throw problem(name, "has shape " + tensor.shape() + " where " + expected + " is expected");
    }
    return this;
  }

  private void typed(String name, Tensor tensor, DType wanted, boolean output) {
    if (tensor.dtype() != wanted) {
      throw problem(name, "is " + tensor.dtype() + " where " + wanted + " is expected; convert it");
    }
    all.add(new Argument(name, tensor, output));
  }

  private Tensor needed(String name, Tensor tensor) {
    if (tensor == null) {
      throw problem(name, "is missing");
    }
    return tensor;
  }

  InputException problem(String name, String what) {
    return new InputException(operation + ": " + name + " " + what);
  }

  /**
   * Keeps every tensor mapped for the call, and refuses tensors of a third device and outputs that
   * overlap anything.
   *
   * @param device that works; it takes tensors of its own memory and of the host's
   */
  Lease lease(Device device) {
    Tensor[] tensors = new Tensor[all.size()];
    for (int i = 0; i < tensors.length; i++) {
      Argument argument = all.get(i);
      tensors[i] = argument.tensor;
      Device where = argument.tensor.device();
      if (!where.equals(device) && !where.equals(Device.CPU)) {
        throw problem(
            argument.name, "lies on " + where + " where " + device + " is expected; copy it");
      }
    }
    Lease lease = Lease.of(tensors);
    try {
      checkApart();
      return lease;
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  private void checkApart() {
    int count = all.size();
    long[] begin = new long[count]; // asked once each: a tensor looks whether its arena is open
    long[] end = new long[count];
    for (int i = 0; i < count; i++) {
      Argument a = all.get(i);
      begin[i] = a.tensor.address();
      end[i] = begin[i] + a.tensor.byteSize();
      for (int j = 0; j < i; j++) {
        Argument b = all.get(j);
        if (begin[i] < end[j] && begin[j] < end[i] && (a.output || b.output)) {
          throw problem(
              a.output ? a.name : b.name,
              "overlaps " + (a.output ? b.name : a.name) + "; give it memory of its own");
        }
      }
    }
  }
}
