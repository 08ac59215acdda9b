package io.vicinal.influence.query;

import java.util.List;

/**
 * The wrong pairs of one class with the classes that it is mostly confused with: G = {(i, nn(i)) :
 * label(i) = c, label(nn(i)) in the confusion classes}. Immutable.
 *
 * @param label c
 * @param confusionClasses by descending share of c's wrong samples, equal shares by lower class
 * @param pairs by ascending i; empty if no sample of c is wrong
 */
public record Group(long label, List<Long> confusionClasses, List<Pair> pairs) {
  public Group {
    confusionClasses = List.copyOf(confusionClasses);
    pairs = List.copyOf(pairs);
  }
}
