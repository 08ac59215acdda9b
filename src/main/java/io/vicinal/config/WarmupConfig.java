package io.vicinal.config;

import io.vicinal.nn.Head;
import java.util.List;

/**
 * The first epochs keep some groups as they are: their parameters and moments do not change.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param epochs 0 for no warm-up
 * @param groups the groups that stay frozen
 */
public record WarmupConfig(int epochs, List<String> groups) {

  static WarmupConfig read(ConfigObject s, Groups model) {
    int epochs = s.integer("epochs", 0, Range.integersFrom(0));
    List<String> groups = model.read(s, Head.GROUPS);
    s.end();
    return new WarmupConfig(epochs, groups);
  }
}
