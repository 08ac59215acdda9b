package io.vicinal.config;

import io.vicinal.nn.Head;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameter groups of a model, by whose names settings speak of them: those of a linear head,
 * then what its loss learns.
 */
record Groups(List<String> names) {

  static Groups of(LossConfig loss) {
    List<String> names = new ArrayList<>(Head.GROUPS);
    names.addAll(loss.learned());
    return new Groups(List.copyOf(names));
  }

  /** Reads a list of them. */
  List<String> read(ConfigObject s, List<String> otherwise) {
    List<String> groups = s.texts("groups", otherwise);
    for (String group : groups) {
      if (!names.contains(group)) {
        String all = String.join(", ", names);
        throw s.error("groups", "\"" + group + "\" is no group; the groups are: " + all);
      }
    }
    return groups;
  }
}
