package io.vicinal.backend;

import io.vicinal.backend.jni.LossParameterStruct;
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
    static final int MOST = LOSSES.values().stream().mapToInt(List::size).max().orElse(0);
  }

  private LossList() {}

  /** Every loss's parameters by its name, in the order of the list. */
  public static Map<String, List<LossParameter>> losses() {
    NativeLibrary.load();
    return Holder.LOSSES;
  }

  /** As many as the loss with the most of them has. */
  static int mostParameters() {
    NativeLibrary.load();
    return Holder.MOST;
  }

  private static Map<String, List<LossParameter>> read() {
    Map<String, List<LossParameter>> losses = new LinkedHashMap<>();
    BytePointer name;
    for (int loss = 0; (name = Vicinal.vicinal_loss_name(loss)) != null; loss++) {
      List<LossParameter> parameters = new ArrayList<>();
      LossParameterStruct p;
      for (int i = 0; (p = Vicinal.vicinal_loss_parameter_at(loss, i)) != null; i++) {
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

  static String text(BytePointer text) {
    return text.getString(StandardCharsets.UTF_8);
  }
}
