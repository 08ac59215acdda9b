package io.vicinal.backend;

import io.vicinal.InputException;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A loss as the native library takes it: by the names of {@link LossList}. Users name losses
 * through {@code io.vicinal.loss}. A value, safe for any thread.
 *
 * @param name of the loss
 * @param parameters by their names, those that are not there having their defaults; a choice is 0,
 *     its default, or 1
 */
public record LossSpec(String name, Map<String, Double> parameters) {
  /**
   * Copies.
   *
   * @throws InputException if the name, a parameter's name or its value is null
   */
  public LossSpec {
    if (name == null || parameters == null) {
      throw new InputException(
          "loss: "
              + (name == null ? "its name is" : name + "'s parameters are")
              + " null; give one");
    }
    for (Map.Entry<String, Double> parameter : parameters.entrySet()) {
      if (parameter.getKey() == null || parameter.getValue() == null) {
        throw new InputException(
            name + ": " + parameter.getKey() + " is " + parameter.getValue() + "; give a number");
      }
    }
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  /** As a program has it, {@code NAME,PARAMETER=VALUE,...}. */
  public String text() {
    StringBuilder text = new StringBuilder(name);
    parameters.forEach((key, value) -> text.append(',').append(key).append('=').append(value));
    return text.toString();
  }

  /**
   * Whether the batch's loss is a (weighted) mean of per-sample terms, a centre regulariser aside.
   *
   * @throws InputException if the native library refuses the loss, as for its siblings
   */
  public boolean decomposes() {
    return has(Vicinal.VICINAL_DECOMPOSES);
  }

  /**
   * Whether the loss is a cross-entropy over scaled cosines, a margin on the label's logit aside:
   * ProxyNCA, ProxyNCA++ (label in the denominator), SoftTriple with one centre, NormalizedSoftmax,
   * CosFace. These have the closed forms of {@link CurvatureKind#GAUSS_NEWTON}.
   */
  public boolean isCosineSoftmax() {
    return has(Vicinal.VICINAL_SOFTMAX);
  }

  /** Whether a row of class weights may take the place of a label. */
  public boolean acceptsSoftLabels() {
    return has(Vicinal.VICINAL_SOFT_LABELS);
  }

  private boolean has(int trait) {
    NativeLibrary.load();
    try (NativeLoss loss = new NativeLoss()) {
      int[] traits = new int[1];
      if (Vicinal.vicinal_loss_traits(loss.of(this), traits) != Vicinal.VICINAL_OK) {
        throw new InputException("loss: " + LossList.text(Vicinal.vicinal_last_error()));
      }
      return (traits[0] & trait) != 0;
    }
  }
}
