package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.nn.Head;
import java.util.List;

/** Which parameters of the head are analysed, by their names; the others are constants. */
public enum ParameterSubset {
  /** The weight; a bias is a constant. */
  W("W", Head.WEIGHT),
  /** Weight and bias, the bias folded into the weight as the column of a feature that is 1. */
  W_B("W,b", Head.WEIGHT, Head.BIAS),
  /** Weight, bias and proxies. */
  W_B_P("W,b,P", Head.WEIGHT, Head.BIAS, Head.PROXIES);

  private final String text;
  private final List<String> names;

  ParameterSubset(String text, String... names) {
    this.text = text;
    this.names = List.of(names);
  }

  /**
   * Reads "W", "W,b" or "W,b,P"; blanks do not matter.
   *
   * @throws InputException for anything else
   */
  public static ParameterSubset parse(String text) {
    String compact = text.replace(" ", "");
    for (ParameterSubset theta : values()) {
      if (theta.text.equals(compact)) {
        return theta;
      }
    }
    throw new InputException("theta: '" + text + "' is unknown; choose W, W,b or W,b,P");
  }

  /** The names. */
  public List<String> names() {
    return names;
  }

  /** Whether the bias is among them. */
  public boolean hasBias() {
    return names.contains(Head.BIAS);
  }

  /** Whether the proxies are among them. */
  public boolean hasProxies() {
    return names.contains(Head.PROXIES);
  }

  @Override
  public String toString() {
    return text;
  }
}
