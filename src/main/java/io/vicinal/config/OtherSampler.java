package io.vicinal.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling.Need;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A configuration whose overrides name another sampler than its file does: what the file says of
 * other samplers' parameters alone is left out, so that a name is enough to change it.
 */
final class OtherSampler {
  private static final String SECTION = "sampler";

  private OtherSampler() {}

  /**
   * @param root the configuration with the overrides applied; loses keys
   * @param source the file, with the overrides' key paths
   * @param notes receives a sentence if it loses any
   */
  static void leaveOut(JsonObject root, Source source, Consumer<String> notes) {
    if (!(root.get(SECTION) instanceof JsonObject section)
        || !given(source, "name")
        || !(section.get("name") instanceof JsonPrimitive name)
        || !Samplers.names().contains(name.getAsString())) {
      return; // as it was, or refused by its reader
    }
    Set<String> own = keys(name.getAsString());
    Set<String> all = new LinkedHashSet<>();
    Samplers.names().forEach(one -> all.addAll(keys(one)));
    List<String> gone = new ArrayList<>();
    for (String key : List.copyOf(section.keySet())) {
      if (all.contains(key) && !own.contains(key) && !given(source, key)) {
        gone.add(SECTION + "." + key + " (" + section.remove(key) + ")");
      }
    }
    if (!gone.isEmpty()) {
      notes.accept(
          "another sampler than in "
              + source.file()
              + ": left out what "
              + name.getAsString()
              + " has not, "
              + String.join(", ", gone));
    }
  }

  private static boolean given(Source source, String key) {
    return source.nameOf(SECTION + "." + key).equals("--set");
  }

  private static Set<String> keys(String name) {
    Set<String> keys = new LinkedHashSet<>();
    Samplers.parameters(name).forEach(parameter -> keys.add(parameter.name()));
    if (Arrays.stream(Samplers.facts(name).needs()).anyMatch(Need::isFile)) {
      keys.add("file");
    }
    return keys;
  }
}
