package io.vicinal.influence.problem;

import io.vicinal.InputException;

/** Which parameters of the head are analysed; the others are constants. */
public enum ParameterSubset {
  /** The weight; a bias is a constant. */
  W("W"),
  /** Weight and bias, the bias folded into the weight as the column of a feature that is 1. */
  W_B("W,b"),
  /** Weight, bias and proxies. */
  W_B_P("W,b,P");

  private final String text;

  ParameterSubset(String text) {
    this.text = text;
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

  /** Whether the bias is among them. */
  public boolean hasBias() {
    return this != W;
  }

  /** Whether the proxies are among them. */
  public boolean hasProxies() {
    return this == W_B_P;
  }

  @Override
  public String toString() {
    return text;
  }
}
