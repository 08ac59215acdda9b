package io.vicinal.curate.doctor;

import io.vicinal.data.dataset.Dataset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What was found in a dataset. Immutable as long as nobody writes to its arrays.
 *
 * @param data that was looked at
 * @param options by which; thresholds that were not given are those that were chosen
 * @param read pictures that could be decoded
 * @param findings by kind, those of a kind in the order in which they are best looked at
 * @param by what near pictures were found: "perceptual hash" or "features"
 * @param near pairs closer than the threshold
 * @param keptNear of these, those that were looked at one by one; the closest
 * @param measures by name its 1st, 5th, 50th, 95th and 99th hundredth over all pictures
 */
public record Diagnosis(
    Dataset data,
    DoctorOptions options,
    int read,
    Map<FindingKind, List<Finding>> findings,
    String by,
    long near,
    long keptNear,
    Map<String, double[]> measures) {
  /** Sorts. */
  static Map<FindingKind, List<Finding>> byKind(List<Finding> all) {
    Map<FindingKind, List<Finding>> sorted = new EnumMap<>(FindingKind.class);
    for (Finding finding : all) {
      sorted.computeIfAbsent(finding.kind(), none -> new ArrayList<>()).add(finding);
    }
    sorted.values().forEach(list -> list.sort(Comparator.comparingDouble(Finding::order)));
    return Collections.unmodifiableMap(sorted);
  }

  /** How many findings of a severity there are. */
  public int count(Severity severity) {
    return findings.entrySet().stream()
        .filter(kind -> kind.getKey().severity() == severity)
        .mapToInt(kind -> kind.getValue().size())
        .sum();
  }

  /**
   * The samples that stay when what cannot be read and what is there twice, under one label, is
   * left out.
   */
  public int[] clean() {
    boolean[] out = new boolean[data.size()];
    findings.forEach(
        (kind, list) ->
            list.stream()
                .filter(
                    finding ->
                        finding.redundant()
                            || kind == FindingKind.UNREADABLE
                            || kind == FindingKind.TRUNCATED)
                .forEach(finding -> out[finding.sample()] = true));
    return IntStream.range(0, out.length).filter(id -> !out[id]).toArray();
  }
}
