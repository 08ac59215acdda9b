package io.vicinal.backend;

import io.vicinal.InputException;
import io.vicinal.backend.jni.LossStruct;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The loss argument of native calls, written where a call's loss is another one than that of the
 * call before. For one thread at a time. Its memory is retained: a {@code PointerScope} that is
 * open on the caller's thread does not free it.
 */
public final class NativeLoss implements AutoCloseable {
  /** The names of losses and parameters are few, and live as long as the process. */
  private static final Map<String, BytePointer> NAMES = new ConcurrentHashMap<>();

  private final LossStruct struct = new LossStruct().retainReference();
  private final PointerPointer<BytePointer> names =
      new PointerPointer<BytePointer>(LossList.mostParameters()).retainReference();
  private final DoublePointer values =
      new DoublePointer(LossList.mostParameters()).retainReference();
  private LossSpec written;

  /** Makes a place for a loss. */
  public NativeLoss() {
    struct.struct_size(struct.sizeof()).names(names).values(values);
  }

  /** The loss, for one call. */
  public LossStruct of(LossSpec loss) {
    if (!loss.equals(written)) { // at once where it is the same object
      write(loss);
      written = loss;
    }
    return struct;
  }

  private void write(LossSpec loss) {
    written = null;
    if (loss.parameters().size() > values.capacity()) {
      throw new InputException(
          loss.name() + ": " + loss.parameters().size() + " parameters are given; it has fewer");
    }
    int count = 0;
    for (Map.Entry<String, Double> parameter : loss.parameters().entrySet()) {
      names.put(count, name(parameter.getKey()));
      values.put(count++, parameter.getValue());
    }
    struct.name(name(loss.name())).count(count);
  }

  private static BytePointer name(String name) {
    return NAMES.computeIfAbsent(
        name, n -> new BytePointer(n, StandardCharsets.UTF_8).retainReference());
  }

  @Override
  public void close() {
    struct.close();
    names.close();
    values.close();
  }
}
