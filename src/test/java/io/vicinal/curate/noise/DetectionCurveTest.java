package io.vicinal.curate.noise;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DetectionCurveTest {
  private static final double EXACT = 1e-12;

  @Test
  void everyNumberOfAHandMadeRanking() {
    double[] scores = {0.1, 0.9, 0.5, 0.7, 0.3};
    boolean[] bad = {false, true, false, false, true}; // ranking: 1*, 3, 2, 4*, 0
    DetectionCurve curve = DetectionCurve.of("hand", scores, bad);
    assertThat(curve.found(0)).isZero();
    assertThat(curve.found(1)).isEqualTo(0.5);
    assertThat(curve.found(3)).isEqualTo(0.5);
    assertThat(curve.found(4)).isEqualTo(1);
    assertThat(curve.precisionAt(1)).isEqualTo(1);
    assertThat(curve.precisionAt(4)).isEqualTo(0.5);
    assertThat(curve.averagePrecision()).isCloseTo((1 + 2 / 4.0) / 2, within(EXACT));
    // pairs (bad, good) in the right order: 1 beats all three, 4 beats only 0
    assertThat(curve.auc()).isCloseTo(4 / 6.0, within(EXACT));
    assertThat(curve.points(6)[0]).containsExactly(0, 0);
    assertThat(curve.points(6)[5]).containsExactly(1, 1);
  }

  @Test
  void tiesGoByLowerIdInTheCurveAndCountHalfInTheArea() {
    double[] scores = {2, 2, 2, 1};
    boolean[] bad = {false, true, false, false};
    DetectionCurve curve = DetectionCurve.of("ties", scores, bad);
    assertThat(Ranking.order(scores)).containsExactly(0, 1, 2, 3);
    assertThat(curve.found(1)).isZero();
    assertThat(curve.found(2)).isEqualTo(1);
    assertThat(curve.auc()).isCloseTo((1 + 0.5 + 0.5) / 3, within(EXACT));
  }

  @Test
  void nanIsLeastSuspiciousAndMovesNoAverage() {
    double[] scores = {Double.NaN, 1, Double.NEGATIVE_INFINITY, -0.0, 0.0};
    assertThat(Ranking.order(scores)).containsExactly(1, 3, 4, 2, 0);
    DetectionCurve curve =
        DetectionCurve.of("nan", scores, new boolean[] {true, false, false, false, false});
    assertThat(curve.auc()).isZero();
    double[] standing = Ranking.standing(new double[] {Double.NaN, 3, 1, 1});
    assertThat(standing[0]).isEqualTo(0.5);
    assertThat(standing[1]).isEqualTo(1);
    assertThat(standing[2]).isEqualTo(0.25).isEqualTo(standing[3]);
  }

  @Test
  void oneKindOfSampleOnlyCannotBeJudged() {
    refused(
        () -> DetectionCurve.of("none", new double[2], new boolean[2]), "no sample is mislabelled");
    refused(
        () -> DetectionCurve.of("few", new double[2], new boolean[3]), "2 scores for 3 samples");
  }

  @Test
  void curvesAreWrittenSideBySide(@TempDir Path folder) throws IOException {
    boolean[] bad = {true, false, false, false};
    DetectionCurve good = DetectionCurve.of("good", new double[] {4, 3, 2, 1}, bad);
    DetectionCurve poor = DetectionCurve.of("poor", new double[] {1, 2, 3, 4}, bad);
    Path file = folder.resolve("curves.csv");
    DetectionCurve.write(file, List.of(good, poor), 5);
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "inspected,good,poor",
            "0.0000,0.0000,0.0000",
            "0.2500,1.0000,0.0000",
            "0.5000,1.0000,0.0000",
            "0.7500,1.0000,0.0000",
            "1.0000,1.0000,1.0000");
  }
}
