package io.vicinal.influence.query;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One question: which training samples move this measurement? With the words that tell it.
 * Immutable.
 *
 * @param id unique among the queries of one call, such as "pair 12-340" or "group 7"
 * @param measurement what is to be moved
 * @param pairs of confused test samples that it stands for; may be empty
 * @param called its id, and what that is called where it has a name: "group 1 (ankle boot)"
 * @param name for a report: "query 12"
 * @param subject in a sentence: what moves away from its wrong neighbour, or what is raised
 * @param facts about it, in order: "text" says in a sentence what it is
 */
public record Query(
    String id,
    Measurement measurement,
    List<Pair> pairs,
    String called,
    String name,
    String subject,
    Map<String, Object> facts) {
  public Query {
    pairs = List.copyOf(pairs);
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
  }

  /** A query without words of its own. */
  public Query(String id, Measurement measurement) {
    this(id, measurement, List.of(), id, id, id, Map.of("text", measurement.name()));
  }

  /** Whether it is another measurement than a distance to wrong neighbours. */
  public boolean isRaised() {
    return !(measurement instanceof PairDistance || measurement instanceof GroupDistance);
  }
}
