package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wrong labels of digits: made, found, repaired, through files. */
class ExplainNoiseTest {
  private static final String[] QUICK = {"--set", "epochs=10", "--set", "optimizer.lr=0.003"};

  @TempDir private Path folder;

  @Test
  void injectedNoiseIsFoundByEveryGoodDetector() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Outcome outcome =
        Outcome.of(with(fixture.explain("mislabel", "--inject", "symmetric"), QUICK)).succeeded();
    assertThat(outcome.out())
        .contains("labels are wrong", "rank-average", "damping of ekfac-self: lambda ")
        .contains("(1x the mean eigenvalue)", "damping of if-group: lambda 5.000 (")
        .doesNotContain("damping of eif-group", "damping of knn");
    Map<String, Double> auc = new HashMap<>();
    for (String[] row : rows(fixture.at("out/detectors.csv"))) {
      auc.put(row[0], Double.parseDouble(row[1]));
    }
    assertThat(auc.get("oof-loss")).isGreaterThan(0.9);
    assertThat(auc.get("knn")).isGreaterThan(0.9);
    assertThat(auc.get("rank-average")).isGreaterThan(0.9);
    assertThat(auc.get("random")).isBetween(0.25, 0.75);
    assertThat(auc).containsKeys("aum", "loss", "ekfac-self", "if-group", "eif-group");

    long[] clean = longs(fixture.at("y.npy"));
    long[] noisy = longs(fixture.at("out/labels-noisy.npy"));
    List<String[]> noise = rows(fixture.at("out/noise.csv"));
    assertThat(noise).hasSize(clean.length / 10);
    for (String[] row : noise) {
      assertThat(clean[Integer.parseInt(row[0])]).isEqualTo(Long.parseLong(row[1]));
      clean[Integer.parseInt(row[0])] = Long.parseLong(row[2]);
    }
    assertThat(noisy).isEqualTo(clean);
    double[][] scores = ExplainScoresTest.matrix(fixture.at("out/scores.npy"));
    assertThat(scores).hasDimensions(auc.size(), clean.length);
    List<String> curves = Files.readAllLines(fixture.at("out/curves.csv"));
    assertThat(curves.get(1)).matches("0.0000(,0.0000)+");
    assertThat(curves.get(curves.size() - 1)).matches("1.0000(,1.0000)+");

    byte[] first = Files.readAllBytes(fixture.at("out/detectors.csv"));
    Outcome.of(with(fixture.explain("mislabel", "--inject", "symmetric"), QUICK)).succeeded();
    assertThat(fixture.at("out/detectors.csv")).hasBinaryContent(first);
  }

  /** Arrays suffice: no head, loss or test set; wrong labels among digits that look alike. */
  @Test
  void featuresAndLabelsSufficeAndSimilarClassesAreConfused() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Object[] arguments =
        Outcome.words(
            "explain relabel --features % --labels % --inject similar --detector ekfac-self"
                + " --threads 1 --out %",
            fixture.at("X.npy"), fixture.at("y.npy"), fixture.at("out"));
    Outcome outcome = Outcome.of(with(arguments, QUICK)).succeeded();
    assertThat(outcome.out())
        .contains("are expected to become right", "damping of ekfac-self: lambda ");
    Map<String, Set<String>> takenFor = new HashMap<>();
    for (String[] row : rows(fixture.at("out/noise.csv"))) {
      takenFor.computeIfAbsent(row[1], clean -> new HashSet<>()).add(row[2]);
    }
    assertThat(takenFor).isNotEmpty();
    takenFor.forEach((clean, noisy) -> assertThat(noisy).as(clean).hasSizeBetween(1, 2));
    assertThat(takenFor.values()).anySatisfy(noisy -> assertThat(noisy).hasSize(2));
  }

  @Test
  void knownNoiseOfARunIsRepairedAndRetrained() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    long[] labels = longs(fixture.at("y.npy"));
    StringBuilder list = new StringBuilder("id,clean,noisy\n");
    for (int i = 3; i < labels.length; i += 10) {
      list.append(i).append(',').append(labels[i]).append(',');
      labels[i] = (labels[i] + 1 + i % 5) % ExplainFixture.CLASSES;
      list.append(labels[i]).append('\n');
    }
    NpyBytes.longs(fixture.at("y.npy"), labels);
    Files.writeString(fixture.at("noise.csv"), list);
    Outcome.of("train", "--config", fixture.at("c.json"), "--run", fixture.at("run"), "--restart")
        .succeeded();
    Outcome outcome =
        Outcome.of(
                with(
                    fixture.explainRun(
                        "relabel", "--noise", fixture.text("noise.csv"), "--retrain", "hard"),
                    QUICK))
            .succeeded();
    assertThat(outcome.out())
        .contains("suspicious samples", "on the given labels", "on the cleaned labels");
    JsonObject summary = fixture.json("out/summary.json");
    JsonObject accuracy = summary.getAsJsonObject("accuracy");
    assertThat(accuracy.get("strict").getAsDouble()).isGreaterThan(0.85);
    assertThat(accuracy.get("restored").getAsDouble()).isGreaterThan(0.7);
    assertThat(accuracy.get("original_rule").getAsDouble())
        .isGreaterThanOrEqualTo(accuracy.get("strict").getAsDouble());
    long[] cleaned = longs(fixture.at("out/labels.npy"));
    assertThat(cleaned).hasSameSizeAs(labels);
    int changed = 0;
    for (String[] row : rows(fixture.at("out/proposals.csv"))) {
      int sample = Integer.parseInt(row[0]);
      boolean taken = row[2].equals("accept");
      assertThat(labels[sample]).isEqualTo(Long.parseLong(row[1]));
      assertThat(cleaned[sample]).isEqualTo(taken ? Long.parseLong(row[3]) : labels[sample]);
      changed += taken ? 1 : 0;
    }
    assertThat(changed).isEqualTo(summary.get("accept").getAsInt()).isPositive();
  }

  /** From the list of suspects to a cleaned file, as somebody with a spreadsheet would. */
  @Test
  void suspectsThatAreFilledInMakeACleanedFile() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Object[] command = fixture.explain("mislabel", "--detectors", "knn,oof-loss", "--budget", "7");
    Outcome.of(command).succeeded();
    Path suspects = fixture.at("out/suspects.csv");
    List<String> lines = Files.readAllLines(suspects);
    assertThat(lines.get(0))
        .startsWith("rank,sample,label,proposed,probability,suggestion,decision,new_label,label_")
        .contains(",second,second_probability,made_for,rank_");
    assertThat(Files.readString(suspects)).doesNotContainPattern("[0-9]E-?[0-9]");
    String[] first = lines.get(1).split(",", -1);
    String[] second = lines.get(2).split(",", -1);
    first[6] = "other";
    long other = (Long.parseLong(first[2]) + 1) % 6;
    first[7] = Long.toString(other);
    second[6] = "keep";
    lines.set(1, String.join(",", first));
    lines.set(2, String.join(",", second));
    Files.write(suspects, lines);
    Outcome.of(
            "labels apply --labels % --decisions % --out %",
            fixture.at("y.npy"), suspects, fixture.at("cleaned.npy"))
        .succeeded();
    try (Arena arena = Arena.host()) {
      long[] given = Npy.read(fixture.at("y.npy"), arena).toLongs();
      long[] cleaned = Npy.read(fixture.at("cleaned.npy"), arena).toLongs();
      given[Integer.parseInt(first[1])] = other;
      assertThat(cleaned).isEqualTo(given);
    }
    assertThat(Files.readString(fixture.at("out/report.html")))
        .contains("\"type\":\"Review\"", "vicinal labels apply --labels ");

    // A second round does not ask again what was kept; it does where the label is not as decided.
    String[] again = {
      "--detectors",
      "knn,oof-loss",
      "--budget",
      "7",
      "--decisions",
      suspects.toString(),
      "--out",
      fixture.text("again")
    };
    Outcome round = fixture.explained("mislabel", again);
    assertThat(round.out())
        .contains("1 label is what " + suspects + " decided", "1 label is not yet what it");
    assertThat(rows(fixture.at("again/suspects.csv")))
        .hasSize(6)
        .anySatisfy(row -> assertThat(row[1]).isEqualTo(first[1]))
        .noneSatisfy(row -> assertThat(row[1]).isEqualTo(second[1]));

    // Decisions of another data set are refused.
    String table = Files.readString(suspects);
    first[2] = Long.toString((Long.parseLong(first[2]) + 2) % 6);
    second[2] = Long.toString((Long.parseLong(second[2]) + 2) % 6);
    Files.write(suspects, List.of(lines.get(0), String.join(",", first), String.join(",", second)));
    Outcome.of(ExplainNoiseTest.with(fixture.explain("mislabel", again), "--overwrite"))
        .failed(2, "none of its 2 decided labels is what it was or what was decided");
    Files.writeString(suspects, table.replaceAll("[0-9]+ labels ", "17 labels "));
    Outcome.of(ExplainNoiseTest.with(fixture.explain("mislabel", again), "--overwrite"))
        .failed(2, "decides for 17 labels, and there are ");
  }

  @Test
  void withoutKnowingTheNoiseSuspectsAreRanked() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    fixture.explained(
        "mislabel --detectors knn,oof-loss --budget 7 --test-features %" + " --test-labels %",
        null, null);
    assertThat(rows(fixture.at("out/suspects.csv"))).hasSize(7);
    assertThat(fixture.at("out/detectors.csv")).doesNotExist();
    assertThat(fixture.at("out/noise.csv")).doesNotExist();
  }

  static Object[] with(Object[] arguments, String... more) {
    Object[] all = new Object[arguments.length + more.length];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  static List<String[]> rows(Path file) throws IOException {
    return Files.readAllLines(file).stream().skip(1).map(line -> line.split(",", -1)).toList();
  }

  static long[] longs(Path file) {
    try (Arena arena = Arena.host()) {
      return Npy.read(file, arena).toLongs();
    }
  }
}
