package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.EqualRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import java.util.Arrays;

/**
 * What detectors and relabelling rules look at: the features with their given labels, the head, and
 * the providers of what follows from them: {@link HeldOut}, {@link SampleNeighbours} and {@link
 * HeadSignals}. Nothing is computed before it is asked for.
 *
 * <p>Memory: N x C doubles for each table of probabilities, N x K ids and distances for neighbours.
 *
 * <p>Features and a given head are borrowed; the rest is freed by {@link #close}. Safe for any
 * thread: each piece is computed once.
 */
public final class Evidence implements AutoCloseable {
  private final Backend backend;
  private final FeatureSet data;
  private final long[] labels;
  private final int classes;
  private final Loss loss;
  private final HeadModel model; // null: none was delivered
  private final FeatureSet test; // null: none was given
  private final EvidenceOptions options;
  private final Arena arena;
  private final HeadSignals signals;
  private final SampleNeighbours neighbours;
  private final HeldOut heldOut;
  private final Once<EqualRows> rows = new Once<>(this::compareRows);
  private final Once<Confusions> confusions = new Once<>(this::findConfusions);

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
    data.checkFinite(backend);
    if (Arrays.stream(labels).distinct().count() < 2) {
      throw new InputException(
          data.name()
              + ": all "
              + labels.length
              + " labels are one class; a wrong label needs at least two to choose from");
    }
    this.signals =
        new HeadSignals(
            backend,
            data,
            classes,
            loss,
            model == null ? null : model.head(),
            this::training,
            o.training().epochs(),
            arena);
    this.neighbours = new SampleNeighbours(backend, data, signals::head, o, arena);
    this.heldOut = new HeldOut(data, labels, classes, o, this::predictor, neighbours);
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

  private FoldPredictor predictor() {
    return switch (options.predictor()) {
      case FOURIER_RIDGE ->
          new FourierRidge(backend, neighbours.single(), options.randomFeatures(), options.seed());
      case HEAD -> new HeadFolds(backend, training(), loss.centers(), data.features());
    };
  }

  /** The head: the delivered one, or the one that was trained to watch margins. */
  public Head head() {
    return signals.head();
  }

  /** What the head and its training say of the samples. */
  public HeadSignals signals() {
    return signals;
  }

  /** The nearest samples of each sample. */
  public SampleNeighbours neighbours() {
    return neighbours;
  }

  /** What is known of each sample's class without its own label. */
  public HeldOut heldOut() {
    return heldOut;
  }

  /** Whether some test sample's nearest one is of another class. */
  boolean hasConfusion() {
    return test.samples() > 1 && confusions().wrong().length > 0;
  }

  /** The test samples' wrong neighbours by raw distance. */
  public Confusions confusions() {
    return confusions.get();
  }

  private Confusions findConfusions() {
    try (Arena own = new Arena(backend.memory())) {
      Tensor z = head().embed(backend, test.features(), own);
      return Confusions.find(backend, z, test.labels(), Neighbouring.RAW);
    }
  }

  /** Whether all rows of the features are equal, so that nothing tells one sample from another. */
  public boolean isConstant() {
    return rows.get().distinct() == 1;
  }

  /**
   * Samples whose features are exactly those of an earlier sample of another label ({@link
   * EqualRows#contradicting}): one of the two labels is wrong, or the features do not tell the
   * classes apart.
   */
  public long contradictingCopies() {
    return rows.get().contradicting();
  }

  private EqualRows compareRows() {
    return EqualRows.of(data.features(), labels);
  }

  @Override
  public void close() {
    arena.close();
  }
}
