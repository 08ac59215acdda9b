package io.vicinal.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Every registered loss with its defaults, and the settings that change which formula is computed.
 */
final class Variants {
  private static final Map<String, List<Map<String, String>>> SETTINGS =
      Map.of(
          "proxy-nca", List.of(Map.of("exclude-positive", "true"), Map.of("scale", "4")),
          "proxy-nca-pp", List.of(Map.of("exclude-positive", "true")),
          "proxy-anchor",
              List.of(
                  Map.of("mode", "nca"),
                  Map.of("repeat-labels", "true"),
                  Map.of("euclidean", "true", "alpha", "5"),
                  Map.of("mode", "nca", "euclidean", "true", "alpha", "5"),
                  Map.of("margin", "0.3", "alpha", "4")),
          "soft-triple",
              List.of(
                  Map.of("centers", "1"),
                  Map.of("centers", "2", "tau", "0"),
                  Map.of("centers", "3")),
          "arcface", List.of(Map.of("margin-degrees", "120", "scale", "8")),
          "cosface", List.of(Map.of("margin", "-0.2", "scale", "8")));

  private Variants() {}

  static List<Loss> all() {
    List<Loss> losses = new ArrayList<>();
    for (String name : Losses.names()) {
      losses.add(Losses.create(name));
      SETTINGS
          .getOrDefault(name, List.of())
          .forEach(settings -> losses.add(Losses.create(name, settings)));
    }
    return losses;
  }
}
