package io.vicinal.config;

import java.util.List;

/**
 * Clamps every gradient element to [-value, value].
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param value 0 for no clipping
 * @param groups the groups it applies to
 */
public record ClipConfig(double value, List<String> groups) {

  static ClipConfig read(ConfigObject s, Groups model) {
    double value = s.number("value", 0, Range.atLeast(0));
    List<String> groups = model.read(s, model.names());
    s.end();
    return new ClipConfig(value, groups);
  }
}
