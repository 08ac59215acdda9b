package io.vicinal.backend;

import io.vicinal.InputException;
import io.vicinal.backend.jni.LossParameterStruct;
import io.vicinal.backend.jni.LossStruct;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;

/**
 * The losses that the native library computes ({@code math/losses.def}): their names, parameters
 * and traits have this one source. Safe for any thread.
 */
public final class LossList {
  private static final class Holder {
    static final Map<String, List<LossParameter>> LOSSES = read();
  }

  private LossList() {}

  /** Every loss's parameters by its name, in the order of the list. */
  public static Map<String, List<LossParameter>> losses() {
    NativeLibrary.load();
    return Holder.LOSSES;
  }

  /** The sum of {@code VICINAL_DECOMPOSES} and its siblings that hold. */
  static int traits(LossSpec spec) {
    NativeLibrary.load();
    try (LossStruct struct = new LossStruct()) {
      write(spec, struct);
      int[] traits = new int[1];
      if (Vicinal.vicinal_loss_traits(struct, traits) != Vicinal.VICINAL_OK) {
        throw new InputException("loss: " + text(Vicinal.vicinal_last_error()));
      }
      return traits[0];
    }
  }

  /** The loss as the library takes it. */
  public static void write(LossSpec loss, LossStruct struct) {
    struct.struct_size(struct.sizeof());
    struct.kind(loss.kind());
    struct.flags(loss.flags());
    struct.centers(loss.centers());
    struct.scale(loss.scale());
    struct.margin(loss.margin());
    struct.gamma(loss.gamma());
    struct.tau(loss.tau());
  }

  private static Map<String, List<LossParameter>> read() {
    Map<String, List<LossParameter>> losses = new LinkedHashMap<>();
    BytePointer name;
    for (int kind = 1; (name = Vicinal.vicinal_loss_name(kind)) != null; kind++) {
      List<LossParameter> parameters = new ArrayList<>();
      LossParameterStruct p;
      for (int i = 0; (p = Vicinal.vicinal_loss_parameter_at(kind, i)) != null; i++) {
        List<String> choices =
            p.choices() == null ? List.of() : List.of(text(p.choices()).split(", "));
        parameters.add(
            new LossParameter(
                text(p.name()), choices, p.whole() != 0, p.standard(), p.least(), p.most()));
      }
      losses.put(text(name), List.copyOf(parameters));
    }
    return Collections.unmodifiableMap(losses);
  }

  private static String text(BytePointer name) {
    return name.getString(StandardCharsets.UTF_8);
  }
}
