package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.data.FeatureSet;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What is known of a sample's class without its own label: out-of-fold scores and the votes of
 * frozen-feature neighbours, the probabilities that follow from them, and how many labels are wrong
 * by these. Each table is computed when it is first asked for, and kept; none is to be changed.
 * Safe for any thread.
 *
 * <p>Memory: N x C doubles for each table.
 */
public final class HeldOut {
  private static final long MOST_CELLS = 1L << 28; // of a table of probabilities: 2 GiB
  private static final double MOST_NOISE = 0.45; // a half explains any label by any scores

  private final FeatureSet data;
  private final long[] labels;
  private final int classes;
  private final int[] sizes; // of the classes
  private final EvidenceOptions options;
  private final Supplier<FoldPredictor> predictor;
  private final SampleNeighbours neighbours;
  private final Once<double[][]> foldScores = new Once<>(this::predictFolds);
  private final Once<double[][]> voteShares = new Once<>(this::countVotes);
  private final Once<double[][]> outOfFold = new Once<>(() -> withoutLabels(foldScores()));
  private final Once<double[][]> combined =
      new Once<>(() -> withoutLabels(foldScores(), voteScores()));
  private final Once<double[][]> foldPosteriors = new Once<>(() -> withLabels(foldScores()));
  private final Once<double[][]> votePosteriors = new Once<>(() -> withLabels(voteScores()));
  private final Once<double[][]> posteriors =
      new Once<>(() -> withLabels(foldScores(), voteScores()));
  private final Once<Plateau> plateau = new Once<>(this::findPlateau);

  HeldOut(
      FeatureSet data,
      long[] labels,
      int classes,
      EvidenceOptions options,
      Supplier<FoldPredictor> predictor,
      SampleNeighbours neighbours) {
    this.data = data;
    this.labels = labels;
    this.classes = classes;
    this.sizes = Classes.sizes(labels, classes);
    this.options = options;
    this.predictor = predictor;
    this.neighbours = neighbours;
  }

  /** Whether a table of N x C probabilities can be held. */
  public boolean hasTables() {
    return (long) labels.length * classes <= MOST_CELLS;
  }

  /**
   * @throws InputException if a table of N x C probabilities cannot be held: nothing tells then how
   *     many labels are wrong
   */
  public void checkTable() {
    if (!hasTables()) {
      long classesAtOnce = (long) Math.sqrt((double) MOST_CELLS * classes / labels.length);
      throw new InputException(
          data.name()
              + ": a table of "
              + labels.length
              + " x "
              + classes
              + " probabilities is too large; give the samples of about "
              + classesAtOnce
              + " classes at a time, those that could be mistaken for each other together");
    }
  }

  /**
   * Whether no other sample has this one's label: nothing that leaves it out can know its class.
   */
  public boolean isAlone(int sample) {
    return sizes[(int) labels[sample]] == 1;
  }

  private double[][] foldScores() {
    return foldScores.get();
  }

  private double[][] predictFolds() {
    checkTable();
    int count = Math.min(options.folds(), labels.length);
    Folds folds = Folds.stratified(labels, count, options.seed());
    return predictor.get().scores(labels, classes, folds);
  }

  /** Shares of the classes among frozen-feature neighbours, [N] rows of C. */
  public double[][] voteShares() {
    return voteShares.get();
  }

  private double[][] countVotes() {
    checkTable();
    return Votes.shares(neighbours.frozen(), labels, classes);
  }

  private double[][] voteScores() {
    return Votes.logarithms(voteShares(), neighbours.frozen().k());
  }

  private double[][] withoutLabels(double[][]... tables) {
    return LabelPosterior.withoutLabels(labels, classes, tables);
  }

  private double[][] withLabels(double[][]... tables) {
    return LabelPosterior.of(labels, classes, tables);
  }

  /** Calibrated out-of-fold probabilities of the right label, [N] rows of C. */
  public double[][] outOfFoldProbabilities() {
    return outOfFold.get();
  }

  /** Frees {@link #outOfFoldProbabilities}; they are computed again when they are asked for. */
  public void forgetOutOfFold() {
    outOfFold.forget();
  }

  /**
   * The same from out-of-fold scores and frozen-feature votes together, each with a weight of its
   * own: the best guess of the right label that does not look at the given one.
   */
  public double[][] combinedProbabilities() {
    return combined.get();
  }

  /** {@link #posteriors} from out-of-fold scores alone. */
  public double[][] outOfFoldPosteriors() {
    return foldPosteriors.get();
  }

  /** {@link #posteriors} from votes alone. */
  public double[][] votePosteriors() {
    return votePosteriors.get();
  }

  /**
   * How likely each class is the right one, given also the label that is written and how often the
   * data suggest that it is written for another class by mistake; [N] rows of C, from out-of-fold
   * scores and votes together. A sample that is the only one of its class cannot be judged: its row
   * says nothing.
   */
  public double[][] posteriors() {
    return posteriors.get();
  }

  /**
   * Expected share of wrong labels, by {@link #posteriors}. It needs no knowledge of the noise.
   * Samples that are the only ones of their class count as right.
   */
  public double noiseRate() {
    double[][] p = posteriors();
    return IntStream.range(0, labels.length)
            .filter(i -> !isAlone(i))
            .mapToDouble(i -> 1 - p[i][(int) labels[i]])
            .sum()
        / labels.length;
  }

  /** Where agreement of the labels with held-out predictions goes as these become surer. */
  public Plateau plateau() {
    return plateau.get();
  }

  private Plateau findPlateau() {
    return Plateau.of(labels, combinedProbabilities());
  }

  /**
   * Whether {@link #noiseRate} can be told from overlap of the classes: the surest predictions have
   * reached a {@link Plateau}, the rate is clearly below a half, and predictions tell something at
   * all.
   */
  public boolean isNoiseTold() {
    double rate = noiseRate();
    boolean nothing = rate == 0 && plateau().accord() < 1; // every label as likely as it is written
    return plateau().isReached() && rate <= MOST_NOISE && !nothing;
  }

  /** Classes with more wrong labels, or more overlap, than the rate of all labels explains. */
  public List<DoubtedClass> doubtedClasses() {
    return DoubtedClass.of(labels, combinedProbabilities(), noiseRate());
  }
}
