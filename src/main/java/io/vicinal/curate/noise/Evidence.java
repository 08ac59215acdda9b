package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.data.EqualRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What detectors and relabelling rules look at: the features with their given labels, the head, and
 * what follows from them. Each piece is computed when it is first asked for, and kept: out-of-fold
 * probabilities, neighbours in frozen features and in the embedding, losses, gradient norms,
 * margins along a training.
 *
 * <p>Memory: N x C doubles for each table of probabilities, N x K ids and distances for neighbours.
 *
 * <p>Features and a given head are borrowed; the rest is freed by {@link #close}. Safe for any
 * thread: one piece is computed at a time.
 */
public final class Evidence implements AutoCloseable {
  private static final long MOST_CELLS = 1L << 28; // of a table of probabilities: 2 GiB
  private static final double FAR = 1e12; // from 1: squares and sums of them stay in float32
  private static final double MOST_NOISE = 0.45; // a half explains any label by any scores
  private static final int WIDEST_ROTATION = 4_096; // features whose principal axes are sought

  private final Backend backend;
  private final FeatureSet data;
  private final long[] labels;
  private final int classes;
  private final Loss loss;
  private final HeadModel model; // null: none was delivered
  private final FeatureSet test; // null: none was given
  private final EvidenceOptions options;
  private final Arena arena;

  private Head head;
  private double[] meanMargins;
  private double[][] foldScores;
  private double[][] voteShares;
  private double[][] outOfFold;
  private double[][] combined;
  private Plateau plateau;
  private final Map<Source, double[][]> posteriors = new EnumMap<>(Source.class);
  private final int[] sizes; // of the classes
  private EqualRows rows;
  private Confusions confusions;
  private NeighbourList frozen;
  private NeighbourList embedded;
  private Tensor embeddings;
  private Tensor single;
  private double[] losses;
  private double[] gradientNorms;

  private Evidence(
      Backend backend,
      FeatureSet data,
      int classes,
      Loss loss,
      HeadModel model,
      FeatureSet test,
      EvidenceOptions o) {
    this.backend = backend;
    this.data = data;
    this.labels = data.labels().toLongs();
    this.classes = classes;
    this.loss = loss;
    this.model = model;
    this.test = test;
    this.options = o;
    this.arena = new Arena(backend.memory());
    long bad = backend.findNonFinite(data.features());
    if (bad >= 0) {
      throw new InputException(
          data.name()
              + ": features["
              + bad / data.width()
              + ", "
              + bad % data.width()
              + "] is NaN or infinite; repair or remove that row");
    }
    if (Arrays.stream(labels).distinct().count() < 2) {
      throw new InputException(
          data.name()
              + ": all "
              + labels.length
              + " labels are one class; a wrong label needs at least two to choose from");
    }
    this.sizes = Classes.sizes(labels, classes);
  }

  /** Of a delivered head, with its loss. */
  public static Evidence of(Backend backend, HeadModel model, EvidenceOptions options) {
    return of(backend, model, null, options);
  }

  /**
   * Of a delivered head, with test samples whose confusions rank the training samples.
   *
   * @param test labels of any classes; or null
   */
  public static Evidence of(
      Backend backend, HeadModel model, FeatureSet test, EvidenceOptions options) {
    int classes = (int) model.classes();
    return new Evidence(backend, model.training(), classes, model.loss(), model, test, options);
  }

  /**
   * Of features and labels alone: where a head is needed, one is trained as the options say.
   *
   * @param data labels 0..C-1
   */
  public static Evidence of(Backend backend, FeatureSet data, EvidenceOptions options) {
    return of(backend, data, null, options);
  }

  /** The same with test samples, or null. */
  public static Evidence of(
      Backend backend, FeatureSet data, FeatureSet test, EvidenceOptions options) {
    Loss loss = Losses.create(options.training().loss().name(), options.training().loss().params());
    return new Evidence(backend, data, (int) data.classes(), loss, null, test, options);
  }

  /** The backend, borrowed. */
  public Backend backend() {
    return backend;
  }

  /** The samples with their given labels. */
  public FeatureSet data() {
    return data;
  }

  /** N. */
  public int samples() {
    return labels.length;
  }

  /** C. */
  public int classes() {
    return classes;
  }

  /** The given labels [N], not to be changed. */
  public long[] labels() {
    return labels;
  }

  /** How evidence is gathered. */
  public EvidenceOptions options() {
    return options;
  }

  /** The loss of the head. */
  public Loss loss() {
    return loss;
  }

  /** Test samples, or null. */
  public FeatureSet test() {
    return test;
  }

  /** The head as a model to be explained. */
  public HeadModel model() {
    return model != null ? model : new HeadModel(loss, data, head().tensors());
  }

  /** A training like the head's own, with the loss of these data. */
  public HeadTraining training() {
    return HeadTraining.of(backend, options.training()).withLoss(loss);
  }

  /** The head: the delivered one, or the one that was trained to watch margins. */
  public synchronized Head head() {
    if (head == null) {
      if (model != null) {
        head = new Head(model.head().weight(), model.head().bias(), model.head().proxies());
      } else {
        watchTraining();
      }
    }
    return head;
  }

  /**
   * Mean over the epochs of a training of the cosine to the label's proxy minus the largest other
   * cosine, [N].
   */
  public synchronized double[] meanMargins() {
    if (meanMargins == null) {
      watchTraining();
    }
    return meanMargins;
  }

  private void watchTraining() {
    double[] sums = new double[samples()];
    int epochs = Math.max(1, options.training().epochs());
    Head trained =
        training()
            .watchedBy(
                (epoch, now) ->
                    Cosines.each(
                        backend,
                        now,
                        loss.centers(),
                        data.features(),
                        (i, cosines) ->
                            sums[i] += Cosines.margin(cosines, (int) labels[i]) / epochs))
            .train(data.features(), Supervision.hard(classes, labels), arena);
    meanMargins = sums;
    if (model == null) {
      head = trained;
    }
  }

  /** Held-out scores of every class, [N] rows of C. */
  synchronized double[][] foldScores() {
    if (foldScores == null) {
      checkTable();
      int count = Math.min(options.folds(), samples());
      Folds folds = Folds.stratified(labels, count, options.seed());
      FoldPredictor predictor =
          switch (options.predictor()) {
            case FOURIER_RIDGE ->
                new FourierRidge(backend, single(), options.randomFeatures(), options.seed());
            case HEAD -> new HeadFolds(backend, training(), loss.centers(), data.features());
          };
      foldScores = predictor.scores(labels, classes, folds);
    }
    return foldScores;
  }

  /**
   * @throws InputException if a table of N x C probabilities cannot be held: nothing tells then how
   *     many labels are wrong
   */
  public void checkTable() {
    if (!hasTables()) {
      long classesAtOnce = (long) Math.sqrt((double) MOST_CELLS * classes / samples());
      throw new InputException(
          data.name()
              + ": a table of "
              + samples()
              + " x "
              + classes
              + " probabilities is too large; give the samples of about "
              + classesAtOnce
              + " classes at a time, those that could be mistaken for each other together");
    }
  }

  /** Shares of the classes among frozen-feature neighbours, [N] rows of C. */
  public synchronized double[][] voteShares() {
    if (voteShares == null) {
      checkTable();
      voteShares = Votes.shares(frozenNeighbours(), labels, classes);
    }
    return voteShares;
  }

  private double[][] voteScores() {
    return Votes.logarithms(voteShares(), frozenNeighbours().k());
  }

  /** Calibrated out-of-fold probabilities of the right label, [N] rows of C, not to be changed. */
  public synchronized double[][] outOfFoldProbabilities() {
    if (outOfFold == null) {
      outOfFold = LabelPosterior.withoutLabels(labels, classes, foldScores());
    }
    return outOfFold;
  }

  /**
   * The same from out-of-fold scores and frozen-feature votes together, each with a weight of its
   * own: the best guess of the right label that does not look at the given one.
   */
  public synchronized double[][] combinedProbabilities() {
    if (combined == null) {
      combined = LabelPosterior.withoutLabels(labels, classes, foldScores(), voteScores());
    }
    return combined;
  }

  /** What an evidence's probabilities of the right label are taken from. */
  public enum Source {
    /** Out-of-fold predictions. */
    OUT_OF_FOLD,
    /** Votes of frozen-feature neighbours. */
    VOTES,
    /** Both, each with a weight of its own. */
    COMBINED
  }

  /**
   * How likely each class is the right one, given also the label that is written and how often the
   * data suggest that it is written for another class by mistake; [N] rows of C. A sample that is
   * the only one of its class cannot be judged: its row says nothing.
   */
  public synchronized double[][] posteriors(Source source) {
    return posteriors.computeIfAbsent(
        source,
        s ->
            switch (s) {
              case OUT_OF_FOLD -> LabelPosterior.of(labels, classes, foldScores());
              case VOTES -> LabelPosterior.of(labels, classes, voteScores());
              case COMBINED -> LabelPosterior.of(labels, classes, foldScores(), voteScores());
            });
  }

  /**
   * Expected share of wrong labels, by the posteriors of both sources. It needs no knowledge of the
   * noise. Samples that are the only ones of their class count as right.
   */
  public double noiseRate() {
    double[][] p = posteriors(Source.COMBINED);
    return IntStream.range(0, samples())
            .filter(i -> !isAlone(i))
            .mapToDouble(i -> 1 - p[i][(int) labels[i]])
            .sum()
        / samples();
  }

  /** Where agreement of the labels with held-out predictions goes as these become surer. */
  public synchronized Plateau plateau() {
    if (plateau == null) {
      plateau = Plateau.of(labels, combinedProbabilities());
    }
    return plateau;
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

  /** Whether a table of N x C probabilities can be held. */
  public boolean hasTables() {
    return (long) samples() * classes <= MOST_CELLS;
  }

  /**
   * Whether no other sample has this one's label: nothing that leaves it out can know its class.
   */
  public boolean isAlone(int sample) {
    return sizes[(int) labels[sample]] == 1;
  }

  /** Whether some test sample's nearest one is of another class. */
  boolean hasConfusion() {
    return test.samples() > 1 && confusions().wrong().length > 0;
  }

  /** The test samples' wrong neighbours by raw distance. */
  public synchronized Confusions confusions() {
    if (confusions == null) {
      try (Arena own = new Arena(backend.memory())) {
        Tensor z = head().embed(backend, test.features(), own);
        confusions = Confusions.find(backend, z, test.labels(), Neighbouring.RAW);
      }
    }
    return confusions;
  }

  /** Whether all rows of the features are equal, so that nothing tells one sample from another. */
  public boolean isConstant() {
    return rows().distinct() == 1;
  }

  /**
   * Samples whose features are exactly those of an earlier sample of another label ({@link
   * EqualRows#contradicting}): one of the two labels is wrong, or the features do not tell the
   * classes apart.
   */
  public long contradictingCopies() {
    return rows().contradicting();
  }

  private synchronized EqualRows rows() {
    if (rows == null) {
      rows = EqualRows.of(data.features(), labels);
    }
    return rows;
  }

  /** The nearest samples in frozen features, each sample left out of its own list. */
  public synchronized NeighbourList frozenNeighbours() {
    if (frozen == null) {
      Tensor x = single();
      int axes = options.axes();
      boolean rotate = axes > 0 && axes < x.dim(1) && x.dim(1) <= WIDEST_ROTATION;
      try (Arena own = new Arena(backend.memory())) {
        frozen = within(rotate ? PrincipalAxes.project(backend, x, axes, own) : x);
      }
    }
    return frozen;
  }

  /** The nearest samples in the raw embedding, each sample left out of its own list. */
  public synchronized NeighbourList embeddedNeighbours() {
    if (embedded == null) {
      embedded = within(embeddings());
    }
    return embedded;
  }

  private NeighbourList within(Tensor rows) {
    if (samples() < 2) {
      throw new InputException(data.name() + ": has one sample, which has no neighbour");
    }
    int k = Math.min(options.neighbours(), samples() - 1);
    long[] self = LongStream.range(0, samples()).toArray();
    return Neighbours.search(rows, rows, k, self, backend);
  }

  /** Raw embeddings of the head, F32 [N, d]. */
  public synchronized Tensor embeddings() {
    if (embeddings == null) {
      embeddings = asSingle(head().embed(backend, data.features(), arena));
    }
    return embeddings;
  }

  /**
   * The features in single precision, [N, D]; in another unit, a power of two, where float32
   * distances of the given numbers would overflow or vanish.
   */
  public synchronized Tensor single() {
    if (single == null) {
      double factor = unit(data.features());
      single = factor == 1 ? asSingle(data.features()) : scaled(data.features(), factor);
    }
    return single;
  }

  /** 1, or what brings the largest number into 1..2. */
  private static double unit(Tensor x) {
    double largest = 0;
    for (long i = 0; i < x.dim(0); i++) {
      for (double value : x.rows(i, i + 1).toDoubles()) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    boolean inReach = largest == 0 || largest > 1 / FAR && largest < FAR;
    return inReach ? 1 : Math.scalb(1.0, -Math.max(-1022, Math.getExponent(largest)));
  }

  private Tensor scaled(Tensor x, double factor) {
    Tensor scaled = arena.allocate(DType.F32, x.shape());
    for (long i = 0; i < x.dim(0); i++) {
      double[] row = x.rows(i, i + 1).toDoubles();
      Arrays.setAll(row, j -> row[j] * factor);
      scaled.rows(i, i + 1).set(row);
    }
    return scaled;
  }

  private Tensor asSingle(Tensor tensor) {
    if (tensor.dtype() == DType.F32) {
      return tensor;
    }
    Tensor converted = arena.allocate(DType.F32, tensor.shape());
    converted.copyFrom(tensor);
    return converted;
  }

  /** In-sample loss of every sample. */
  public synchronized double[] losses() {
    if (losses == null) {
      requireSamples("loss");
      try (Arena own = new Arena(backend.memory())) {
        Tensor each = own.allocate(data.features().dtype(), samples());
        backend.headGradient(
            loss.spec(),
            classes,
            data.features(),
            Targets.of(data.labels()),
            head().tensors(),
            each,
            new HeadTensors(null, null, null));
        losses = each.toDoubles();
      }
    }
    return losses;
  }

  /** |g_i| |x_i|: the norm of the gradient of every sample's loss with respect to the weight. */
  public synchronized double[] gradientNorms() {
    if (gradientNorms == null) {
      requireSamples("gradient-norm");
      try (Arena own = new Arena(backend.memory())) {
        Tensor z = head().embed(backend, data.features(), own);
        Tensor g = own.allocate(z.dtype(), z.shape());
        backend.loss(
            loss.spec(), classes, z, Targets.of(data.labels()), head().proxies(), null, g, null);
        double[] norms = backend.dots(g, g);
        double[] widths = backend.dots(data.features(), data.features());
        for (int i = 0; i < norms.length; i++) {
          norms[i] = samples() * Math.sqrt(norms[i]) * Math.sqrt(widths[i]);
        }
        gradientNorms = norms;
      }
    }
    return gradientNorms;
  }

  private void requireSamples(String detector) {
    if (!loss.decomposes()) {
      throw new InputException(
          "detector "
              + detector
              + ": "
              + loss.name()
              + " is not a sum over samples, so a sample has no loss of its own; use aum,"
              + " oof-loss or knn");
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
