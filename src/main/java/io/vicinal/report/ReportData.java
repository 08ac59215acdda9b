package io.vicinal.report;

import java.util.List;

/**
 * Everything that a report shows.
 *
 * @param title of the page
 * @param subtitle what was looked at: data, model, method
 * @param sections in the order of the page, each kind once
 * @param pictures of the samples that the sections name
 * @param provenance version, seeds, data hash, time: what it takes to make the report again
 */
public record ReportData(
    String title,
    String subtitle,
    List<Section> sections,
    Pictures pictures,
    List<Fact> provenance) {
  /** Copies the lists. */
  public ReportData {
    sections = List.copyOf(sections);
    provenance = List.copyOf(provenance);
    if (sections.stream().map(Section::type).distinct().count() < sections.size()) {
      throw new IllegalArgumentException("two sections of one kind");
    }
  }
}
