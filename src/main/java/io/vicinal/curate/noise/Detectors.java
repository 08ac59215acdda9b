package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.retrieval.NeighbourList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The detectors by name. Safe for any thread.
 *
 * <pre>
 *   aum                  -mean over the epochs of a training of (cos to the label's proxy - largest
 *                        other cosine); the margin form of Pleiss et al., NeurIPS 2020
 *   oof-loss             -log of the label's calibrated out-of-fold probability
 *   loss                 the delivered head's loss on the sample
 *   knn                  1 - the label's share among neighbours in frozen features
 *   knn-embedding        the same in the head's embedding
 *   confident-learning   largest out-of-fold (p_c - t_c) of another class minus (p_y - t_y), where
 *                        t_c is the mean p_c over the samples labelled c; after Northcutt et al.,
 *                        JAIR 2021
 *   gradient-norm        norm of the sample's gradient with respect to the weight
 *   ekfac-self           predicted growth of the sample's own loss if it is removed, by EK-FAC; cosine
 *                        softmax losses
 *   eif-group, if-group  the rankings of Liu et al., NeurIPS 2022: how much a sample holds the worst
 *                        confused test class's wrong pairs together; they need test samples, and do
 *                        not look for noise but for what confuses one class
 *   random               a seeded shuffle: what every other one has to beat
 *   rank-average         mean standing among those of aum, oof-loss and knn that can work
 * </pre>
 *
 * <p>Where a sample is the only one of its class, those that look at other samples of the class
 * have no opinion.
 */
public final class Detectors {
  private static final List<String> BY_INFLUENCE = List.of("ekfac-self", "eif-group", "if-group");
  private static final String[] AVERAGED = {"aum", "oof-loss", "knn"};

  private record Named(
      String name, String meaning, boolean ofHead, Need need, Function<Evidence, Found> rule)
      implements Detector {
    @Override
    public Optional<String> obstacle(Evidence evidence) {
      return Optional.ofNullable(need.missing(evidence));
    }

    @Override
    public Found find(Evidence evidence) {
      return rule.apply(evidence);
    }
  }

  /** What a detector cannot do without. */
  private interface Need {
    /** What is missing, or null. */
    String missing(Evidence evidence);

    default Need and(Need other) {
      return e -> missing(e) != null ? missing(e) : other.missing(e);
    }
  }

  private static final Need NOTHING = e -> null;
  private static final Need DIFFERENCES =
      e -> e.isConstant() ? "all rows of the features are equal" : null;
  private static final Need COMPANY =
      DIFFERENCES.and(
          e ->
              IntStream.range(0, e.samples()).allMatch(e.heldOut()::isAlone)
                  ? "every class has one sample"
                  : null);
  private static final Need TABLES =
      COMPANY.and(
          e ->
              e.heldOut().hasTables()
                  ? null
                  : "a table of " + e.samples() + " x " + e.classes() + " numbers is too large");
  private static final Need OWN_LOSS =
      DIFFERENCES.and(
          e ->
              e.loss().decomposes()
                  ? null
                  : e.loss().name() + " is not a sum over samples, so a sample has no loss");
  private static final Need SOFTMAX =
      DIFFERENCES.and(
          e ->
              e.loss().spec().isCosineSoftmax()
                  ? null
                  : e.loss().name() + " is no softmax over cosines");
  private static final Need CONFUSION =
      SOFTMAX.and(
          e ->
              e.test() == null
                  ? "no test set is given whose samples could be confused"
                  : e.hasConfusion() ? null : "no test sample is confused");

  private static final Map<String, Detector> ALL = all(); // after what it is made of

  private Detectors() {}

  private static Map<String, Detector> all() {
    List<Detector> detectors =
        List.of(
            scored(
                "aum",
                "negative mean margin along a training",
                false,
                DIFFERENCES,
                e -> Arrays.stream(e.signals().meanMargins()).map(m -> -m).toArray()),
            scored(
                "oof-loss",
                "loss of out-of-fold predictions",
                false,
                TABLES,
                Detectors::outOfFoldLoss),
            scored("loss", "in-sample loss of the head", true, OWN_LOSS, e -> e.signals().losses()),
            scored(
                "knn",
                "disagreement of neighbours in frozen features",
                false,
                TABLES,
                e -> disagreement(e, e.heldOut().voteShares())),
            scored(
                "knn-embedding",
                "disagreement of neighbours in the embedding",
                true,
                TABLES,
                Detectors::embedded),
            scored(
                "confident-learning",
                "out-of-fold margin beyond the classes' thresholds",
                false,
                TABLES,
                Detectors::confidentLearning),
            scored(
                "gradient-norm",
                "norm of the sample's gradient",
                true,
                OWN_LOSS,
                e -> e.signals().gradientNorms()),
            new Named(
                "ekfac-self", "self-influence by EK-FAC", true, SOFTMAX, InfluenceRankings::self),
            new Named(
                "eif-group",
                "EIF on the worst confused class",
                true,
                CONFUSION,
                e -> InfluenceRankings.worstGroup(e, "eif")),
            new Named(
                "if-group",
                "the original's IF on the worst confused class",
                true,
                CONFUSION,
                e -> InfluenceRankings.worstGroup(e, "if-seed")),
            scored(
                "random",
                "a seeded shuffle",
                false,
                NOTHING,
                e -> Ranking.random(e.samples(), e.options().seed())),
            scored(
                "rank-average",
                "mean standing among aum, oof-loss and knn",
                false,
                DIFFERENCES,
                e -> average(e, AVERAGED)));
    Map<String, Detector> byName = new LinkedHashMap<>();
    detectors.forEach(d -> byName.put(d.name(), d));
    return Collections.unmodifiableMap(byName);
  }

  /** One that inverts no curvature. */
  private static Named scored(
      String name, String meaning, boolean ofHead, Need need, Function<Evidence, double[]> rule) {
    return new Named(name, meaning, ofHead, need, e -> new Detector.Found(rule.apply(e), null));
  }

  /** The names of those that need no more than features, labels and a head, in a fixed order. */
  public static List<String> names() {
    return ALL.keySet().stream().filter(name -> !BY_INFLUENCE.contains(name)).toList();
  }

  /** All names, those that are influence estimates last. */
  public static List<String> everyName() {
    return Stream.concat(names().stream(), BY_INFLUENCE.stream()).toList();
  }

  /** The names of those that are influence estimates. */
  public static List<String> namesByInfluence() {
    return BY_INFLUENCE;
  }

  /**
   * @throws InputException if there is none of this name; it lists the names
   */
  public static Detector named(String name) {
    Detector detector = ALL.get(name);
    if (detector == null) {
      throw new InputException(
          "detector: '" + name + "' is unknown; choose " + String.join(", ", ALL.keySet()));
    }
    return detector;
  }

  /** Names separated by commas, without repetitions. */
  public static List<Detector> parseList(String text) {
    return new ArrayList<>(
        Arrays.stream(text.split(",", -1))
            .map(String::strip)
            .map(Detectors::named)
            .collect(Collectors.toCollection(LinkedHashSet::new)));
  }

  /** The mean standing among those of some detectors that can work. */
  public static double[] average(Evidence evidence, String... names) {
    return Ranking.average(
        Arrays.stream(names)
            .map(Detectors::named)
            .filter(detector -> detector.obstacle(evidence).isEmpty())
            .map(detector -> detector.scores(evidence))
            .toArray(double[][]::new));
  }

  private static double[] outOfFoldLoss(Evidence e) {
    double[][] p = e.heldOut().outOfFoldProbabilities();
    return others(e, i -> -Math.log(Math.max(Double.MIN_NORMAL, p[i][(int) e.labels()[i]])));
  }

  private static double[] disagreement(Evidence e, double[][] shares) {
    return others(e, i -> 1 - shares[i][(int) e.labels()[i]]);
  }

  private static double[] embedded(Evidence e) {
    NeighbourList lists = e.neighbours().embedded();
    return disagreement(e, Votes.shares(lists, e.labels(), e.classes()));
  }

  private static double[] confidentLearning(Evidence e) {
    double[][] p = e.heldOut().outOfFoldProbabilities();
    double[] thresholds = new double[e.classes()];
    long[] counts = new long[e.classes()];
    for (int i = 0; i < p.length; i++) {
      int y = (int) e.labels()[i];
      thresholds[y] += p[i][y];
      counts[y]++;
    }
    for (int c = 0; c < thresholds.length; c++) {
      thresholds[c] = counts[c] == 0 ? Double.POSITIVE_INFINITY : thresholds[c] / counts[c];
    }
    return others(
        e,
        i -> {
          double[] beyond = new double[thresholds.length];
          Arrays.setAll(beyond, c -> p[i][c] - thresholds[c]);
          return -Cosines.margin(beyond, (int) e.labels()[i]);
        });
  }

  /** Of each sample that is not the only one of its class. */
  private static double[] others(Evidence e, IntToDoubleFunction score) {
    return IntStream.range(0, e.samples())
        .mapToDouble(i -> e.heldOut().isAlone(i) ? Double.NaN : score.applyAsDouble(i))
        .toArray();
  }
}
