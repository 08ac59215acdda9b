package io.vicinal.curate.noise;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.curate.noise.EvidenceOptions.Predictor;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** F-29: every detector on digits with 10 % symmetric noise. */
class DetectorsTest {
  private static final Backend BACKEND = Backend.cpu();
  private static final Arena ARENA = Arena.host();
  private static final int TRAINING = 1_400; // the others are the test set
  private static boolean[] mislabelled;
  private static Evidence evidence;

  @BeforeAll
  static void prepare() {
    FeatureSet clean = NoisyDigits.clean(ARENA, 0, TRAINING);
    LabelNoise noise =
        LabelNoise.inject(LabelNoise.Kind.SYMMETRIC, 0.1, clean.labels().toLongs(), 0);
    mislabelled = noise.mask(TRAINING);
    evidence =
        Evidence.of(
            BACKEND,
            NoisyDigits.noisy(ARENA, clean, noise),
            NoisyDigits.clean(ARENA, TRAINING, 1_797),
            EvidenceOptions.of(NoisyDigits.TRAINING, 0));
  }

  @AfterAll
  static void free() {
    evidence.close();
    ARENA.close();
    BACKEND.close();
  }

  @ParameterizedTest
  @CsvSource({
    "aum, 0.97",
    "oof-loss, 0.98",
    "loss, 0.95",
    "knn, 0.98",
    "knn-embedding, 0.93",
    "confident-learning, 0.98",
    "gradient-norm, 0.93",
    "ekfac-self, 0.95",
    "rank-average, 0.98"
  })
  void findsTheNoise(String name, double least) {
    DetectionCurve curve =
        DetectionCurve.of(name, Detectors.named(name).scores(evidence), mislabelled);
    assertThat(curve.auc()).isGreaterThan(least);
    assertThat(curve.points(101)[0]).containsExactly(0, 0);
    assertThat(curve.points(101)[100]).containsExactly(1, 1);
    assertThat(curve.precisionAt(curve.mislabelled())).isGreaterThan(0.5);
  }

  /** They rank by what confuses one class, and find noise no better than a weak detector. */
  @ParameterizedTest
  @ValueSource(strings = {"eif-group", "if-group"})
  void theOriginalsGroupRankingsAreThere(String name) {
    double[] scores = Detectors.named(name).scores(evidence);
    assertThat(scores).hasSize(TRAINING).doesNotContain(Double.NaN);
    double auc = DetectionCurve.of(name, scores, mislabelled).auc();
    assertThat(auc).isBetween(0.3, 0.9);
    refused(() -> withoutTest(name), "give test features and labels");
  }

  private static void withoutTest(String name) {
    EvidenceOptions options = EvidenceOptions.of(NoisyDigits.TRAINING, 0);
    try (Evidence none = Evidence.of(BACKEND, evidence.data(), options)) {
      Detectors.named(name).scores(none);
    }
  }

  @Test
  void randomFindsNothing() {
    double sum = 0;
    for (int seed = 0; seed < 20; seed++) {
      sum += DetectionCurve.of("random", Ranking.random(TRAINING, seed), mislabelled).auc();
    }
    assertThat(sum / 20).isCloseTo(0.5, within(0.03));
    assertThat(Detectors.named("random").scores(evidence)).isEqualTo(Ranking.random(TRAINING, 0));
  }

  @Test
  void theNoiseRateIsEstimatedWithoutKnowingIt() {
    assertThat(evidence.heldOut().noiseRate()).isBetween(0.07, 0.13);
  }

  @Test
  void probabilitiesAreCalibrated() {
    double[][] p = evidence.heldOut().combinedProbabilities();
    long[] labels = evidence.labels();
    double expected = 0;
    double right = 0;
    for (int i = 0; i < p.length; i++) {
      assertThat(Arrays.stream(p[i]).sum()).isCloseTo(1, within(1e-9));
      int best = Classes.likeliest(p[i]);
      expected += p[i][best] / p.length;
      right += !mislabelled[i] && best == labels[i] ? 1.0 / p.length : 0;
    }
    assertThat(expected).isCloseTo(right / 0.9, within(0.04));
  }

  @Test
  void headsTrainedOnFoldsSeeTheNoiseToo() {
    EvidenceOptions options = EvidenceOptions.of(NoisyDigits.TRAINING, 0).with(Predictor.HEAD);
    try (Evidence heads = Evidence.of(BACKEND, evidence.data(), options)) {
      double[] scores = Detectors.named("oof-loss").scores(heads);
      assertThat(DetectionCurve.of("oof-loss", scores, mislabelled).auc()).isGreaterThan(0.96);
    }
  }

  @Test
  void whatCannotBeRankedIsSaid() {
    refused(() -> Detectors.named("guess"), "choose aum, oof-loss");
    try (Arena arena = Arena.host()) {
      FeatureSet one =
          new FeatureSet(arena.of(new float[4], 4, 1), arena.of(new long[4], 4), "one");
      EvidenceOptions options = EvidenceOptions.of(NoisyDigits.TRAINING, 0);
      refused(() -> Evidence.of(BACKEND, one, options), "one class");
      float[] x = {1, 2, Float.NaN, 4};
      FeatureSet nan =
          new FeatureSet(arena.of(x, 4, 1), arena.of(new long[] {0, 1, 0, 1}, 4), "holes");
      refused(() -> Evidence.of(BACKEND, nan, options), "holes: features[2, 0] is NaN");
    }
  }

  /** A detector that cannot work is left out with a sentence; the others work. */
  @Test
  void equalRowsAndLonelySamplesAreKnown() {
    EvidenceOptions options = EvidenceOptions.of(NoisyDigits.TRAINING, 0);
    try (Arena arena = Arena.host()) {
      int n = 40;
      Tensor y = arena.of(LongStream.range(0, n).map(i -> i == 7 ? 2 : i % 2).toArray(), n);
      FeatureSet equal = new FeatureSet(arena.allocate(DType.F32, n, 3), y, "equal");
      try (Evidence evidence = Evidence.of(BACKEND, equal, options)) {
        for (String name : new String[] {"aum", "oof-loss", "knn", "rank-average"}) {
          assertThat(Detectors.named(name).obstacle(evidence))
              .as(name)
              .hasValue("all rows of the features are equal");
        }
        assertThat(Detectors.named("random").obstacle(evidence)).isEmpty();
      }
      float[] x = new float[3 * n];
      for (int i = 0; i < x.length; i++) {
        x[i] = (i * 37 + i / 3 * 11) % 17;
      }
      FeatureSet lonely = new FeatureSet(arena.of(x, n, 3), y, "lonely");
      try (Evidence evidence = Evidence.of(BACKEND, lonely, options)) {
        for (String name : new String[] {"oof-loss", "knn", "confident-learning"}) {
          double[] scores = Detectors.named(name).scores(evidence);
          assertThat(IntStream.range(0, n).filter(i -> Double.isNaN(scores[i])))
              .as(name)
              .containsExactly(7);
        }
      }
      Tensor own = arena.of(LongStream.range(0, n).toArray(), n);
      FeatureSet apart = new FeatureSet(arena.of(x, n, 3), own, "apart");
      try (Evidence evidence = Evidence.of(BACKEND, apart, options)) {
        assertThat(Detectors.named("knn").obstacle(evidence))
            .hasValue("every class has one sample");
        assertThat(Detectors.named("rank-average").scores(evidence))
            .isEqualTo(Ranking.average(Detectors.named("aum").scores(evidence)));
      }
    }
  }

  @Test
  void aTableThatCannotBeHeldIsRefusedWithAWayOut() {
    try (Arena arena = Arena.host()) {
      int n = 16_400; // n² is just beyond 2^28
      long[] labels = new long[n];
      Arrays.setAll(labels, i -> i);
      float[] x = new float[n];
      FeatureSet many = new FeatureSet(arena.of(x, n, 1), arena.of(labels, n), "many");
      try (Evidence large =
          Evidence.of(BACKEND, many, EvidenceOptions.of(NoisyDigits.TRAINING, 0))) {
        refused(
            large.heldOut()::checkTable,
            "many: a table of 16400 x 16400",
            "about 16384 classes at a time");
      }
    }
  }
}
