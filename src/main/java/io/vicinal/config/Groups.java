package io.vicinal.config;

import java.util.List;

/** Reads a list of parameter-group names. */
final class Groups {

  private Groups() {}

  static List<String> read(ConfigObject s, List<String> otherwise) {
    List<String> groups = s.texts("groups", otherwise);
    for (String group : groups) {
      if (!OptimizerConfig.GROUPS.contains(group)) {
        String all = String.join(", ", OptimizerConfig.GROUPS);
        throw s.error("groups", "\"" + group + "\" is no group; the groups are: " + all);
      }
    }
    return groups;
  }
}
