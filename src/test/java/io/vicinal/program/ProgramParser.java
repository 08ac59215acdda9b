package io.vicinal.program;

import io.vicinal.program.Expr.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A program from its text, node by node and without simplification. */
final class ProgramParser {
  private ProgramParser() {}

  static Program parse(String text) {
    Graph graph = new Graph();
    Map<String, Expr> names = new HashMap<>();
    Map<String, Expr> outputs = new LinkedHashMap<>();
    for (String line : text.split("\n")) {
      String[] halves = line.split(" +# ");
      String[] words = halves[0].split(" ");
      if (words[0].equals("output")) {
        outputs.put(words[1], names.get(words[2]));
      } else {
        graph.at(
            halves.length == 1 ? new Site("input", 0) : site(halves[1]),
            () -> names.put(words[0], node(graph, words, names)));
      }
    }
    return new Program(outputs);
  }

  private static Expr node(Graph graph, String[] words, Map<String, Expr> names) {
    Operation operation = Operation.of(words[2]);
    List<Expr> operands = new ArrayList<>();
    Attributes attributes = Attributes.NONE;
    for (String word : Arrays.asList(words).subList(3, words.length)) {
      if (word.contains("=")) {
        attributes = attributes.and(word.split("=", 2)[0], word.split("=", 2)[1]);
      } else {
        operands.add(names.get(word));
      }
    }
    if (operation != Operation.INPUT) {
      return graph.intern(operation, attributes, operands);
    }
    List<String> sizes = new ArrayList<>();
    for (int k = 0; k < attributes.number("rank"); k++) {
      sizes.add(words[0] + "." + k);
    }
    Type type = Type.valueOf(attributes.text("type").toUpperCase(Locale.ROOT));
    return graph.input(words[0], type, new Sizes(sizes));
  }

  private static Site site(String text) {
    int colon = text.lastIndexOf(':');
    return new Site(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }
}
