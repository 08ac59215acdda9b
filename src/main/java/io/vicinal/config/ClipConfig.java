package io.vicinal.config;

import java.util.List;

/**
 * Clips gradients: every element to [-value, value], or all of them together to a norm.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param value 0 for none
 * @param norm the most that the Euclidean norm over the groups may be; 0 for none
 * @param groups the groups it applies to
 */
public record ClipConfig(double value, double norm, List<String> groups) {

  /**
   * The same for one group.
   *
   * @param value 0 for none
   * @param norm the most that the Euclidean norm of its gradients may be; 0 for none
   */
  public record Own(double value, double norm) {
    static Own read(ConfigObject s) {
      Own own = limits(s);
      s.end();
      return own;
    }
  }

  static ClipConfig read(ConfigObject s, Groups model) {
    Own limits = limits(s);
    List<String> groups = model.read(s, model.names());
    s.end();
    return new ClipConfig(limits.value(), limits.norm(), groups);
  }

  private static Own limits(ConfigObject s) {
    double value = s.number("value", 0, Range.atLeast(0));
    double norm = s.number("norm", 0, Range.atLeast(0));
    if (value > 0 && norm > 0) {
      throw s.error("value", "excludes norm; keep one of the two");
    }
    return new Own(value, norm);
  }
}
