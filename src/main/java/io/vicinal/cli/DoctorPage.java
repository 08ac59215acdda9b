package io.vicinal.cli;

import io.vicinal.Version;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.doctor.Diagnosis;
import io.vicinal.curate.doctor.Finding;
import io.vicinal.curate.doctor.FindingKind;
import io.vicinal.curate.doctor.Severity;
import io.vicinal.data.InputFile;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.image.DatasetImages;
import io.vicinal.report.Fact;
import io.vicinal.report.HtmlReport;
import io.vicinal.report.Pictures;
import io.vicinal.report.ReportData;
import io.vicinal.report.Sample;
import io.vicinal.report.Section;
import io.vicinal.report.Thumbnail;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The doctor's page, with the pictures of the first findings of each kind. For one thread. */
final class DoctorPage {
  private static final int CARDS = 24; // of a kind
  private static final int SENTENCES = 5;

  private final Dataset data;
  private final DatasetImages images;
  private final Pictures pictures = new Pictures();

  private DoctorPage(Dataset data) {
    this.data = data;
    this.images = new DatasetImages(data);
  }

  static void write(Path path, Diagnosis found, Path file) {
    HtmlReport.write(new DoctorPage(found.data()).page(path, found), file);
  }

  private ReportData page(Path path, Diagnosis found) {
    List<Section.FindingGroup> groups = new ArrayList<>();
    found
        .findings()
        .forEach(
            (kind, list) ->
                groups.add(
                    new Section.FindingGroup(
                        kind.text(),
                        DoctorWords.severity(kind),
                        kind.advice(),
                        list.size(),
                        list.stream().limit(CARDS).map(this::card).toList())));
    String name = InputFile.printable(path.toString());
    List<String> first = new ArrayList<>();
    for (Map.Entry<FindingKind, List<Finding>> kind : found.findings().entrySet()) {
      if (first.size() < SENTENCES && kind.getKey().severity() != Severity.NOTE) {
        first.add(
            Text.say(
                "%,d %s: %s.",
                kind.getValue().size(),
                kind.getKey().text().replace('-', ' '),
                kind.getKey().advice()));
      }
    }
    List<Fact> figures =
        List.of(
            new Fact("Samples", Text.say("%,d", data.size())),
            new Fact("Classes", Text.say("%,d", DoctorWords.classes(data))),
            new Fact("Errors", Text.say("%,d", found.count(Severity.ERROR))),
            new Fact("Warnings", Text.say("%,d", found.count(Severity.WARNING))));
    String near = found.near() > found.keptNear() ? DoctorWords.nearWords(found) + "." : null;
    return new ReportData(
        "The data of " + name,
        null,
        List.of(
            new Section.Headline(DoctorWords.summary(found), first, figures),
            new Section.Findings(near, groups)),
        pictures,
        provenance(found));
  }

  private static List<Fact> provenance(Diagnosis found) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("Version", Version.text()));
    facts.add(new Fact("Format", found.data().formatName()));
    facts.add(new Fact("Near pictures by", found.by()));
    found
        .measures()
        .forEach(
            (name, at) ->
                facts.add(
                    new Fact(
                        name.replace('_', ' '),
                        Text.number(at[2]),
                        Text.say(
                            "median; 1 %% are below %s, 5 %% below %s",
                            Text.number(at[0]), Text.number(at[1])))));
    return facts;
  }

  private Section.FindingCard card(Finding finding) {
    Sample sample =
        finding.sample() >= 0
            ? sample(finding.sample())
            : new Sample("", InputFile.printable(finding.subject()), null);
    Sample other = finding.other() >= 0 ? sample(finding.other()) : null;
    return new Section.FindingCard(sample, other, finding.detail());
  }

  private Sample sample(int id) {
    String key = "picture/" + id;
    if (!pictures.has(key)) {
      BufferedImage small = Thumbnail.of(images, id, null);
      if (small != null) { // what cannot be read has no picture, and the finding says why
        pictures.put(key, small);
      }
    }
    String label = InputFile.printable(data.classes().get(data.label(id)));
    boolean split = !data.split(id).equals(Dataset.ALL);
    return new Sample(
        key, InputFile.printable(data.name(id)), split ? label + ", " + data.split(id) : label);
  }
}
