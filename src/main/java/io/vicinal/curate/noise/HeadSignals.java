package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.function.Supplier;

/**
 * What a head and its training say of the samples it learns from: margins along a training, losses,
 * gradient norms. Each is computed when it is first asked for, and kept. Safe for any thread.
 */
public final class HeadSignals {
  /** A training, and what was seen of it. */
  private record Watched(Head head, double[] meanMargins) {}

  private final Backend backend;
  private final FeatureSet data;
  private final int classes;
  private final Loss loss;
  private final Supplier<HeadTraining> training;
  private final int epochs;
  private final Arena arena;
  private final Once<Watched> watched = new Once<>(this::watchTraining);
  private final Once<Head> head;
  private final Once<double[]> losses = new Once<>(this::computeLosses);
  private final Once<double[]> gradientNorms = new Once<>(this::computeGradientNorms);

  /**
   * @param delivered the head, or null for the one that is trained to watch margins
   * @param training like the head's own
   * @param arena holds a trained head
   */
  HeadSignals(
      Backend backend,
      FeatureSet data,
      int classes,
      Loss loss,
      HeadTensors delivered,
      Supplier<HeadTraining> training,
      int epochs,
      Arena arena) {
    this.backend = backend;
    this.data = data;
    this.classes = classes;
    this.loss = loss;
    this.training = training;
    this.epochs = Math.max(1, epochs);
    this.arena = arena;
    this.head =
        new Once<>(
            delivered == null
                ? () -> watched.get().head()
                : () -> new Head(delivered.weight(), delivered.bias(), delivered.proxies()));
  }

  /** The head: the delivered one, or the one that was trained to watch margins. */
  public Head head() {
    return head.get();
  }

  /**
   * Mean over the epochs of a training of the cosine to the label's proxy minus the largest other
   * cosine, [N].
   */
  public double[] meanMargins() {
    return watched.get().meanMargins();
  }

  private Watched watchTraining() {
    long[] labels = data.labels().toLongs();
    double[] sums = new double[labels.length];
    Head trained =
        training
            .get()
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
    return new Watched(trained, sums);
  }

  /** In-sample loss of every sample. */
  public double[] losses() {
    return losses.get();
  }

  private double[] computeLosses() {
    requireSamples("loss");
    try (Arena own = new Arena(backend.memory())) {
      Tensor each = own.allocate(data.features().dtype(), data.samples());
      backend.headGradient(
          loss.spec(),
          classes,
          data.features(),
          Targets.of(data.labels()),
          head().tensors(),
          each,
          new HeadTensors(null, null, null));
      return each.toDoubles();
    }
  }

  /** |g_i| |x_i|: the norm of the gradient of every sample's loss with respect to the weight. */
  public double[] gradientNorms() {
    return gradientNorms.get();
  }

  private double[] computeGradientNorms() {
    requireSamples("gradient-norm");
    try (Arena own = new Arena(backend.memory())) {
      Tensor z = head().embed(backend, data.features(), own);
      Tensor g = own.allocate(z.dtype(), z.shape());
      backend.loss(
          loss.spec(), classes, z, Targets.of(data.labels()), head().proxies(), null, g, null);
      double[] norms = backend.dots(g, g);
      double[] widths = backend.dots(data.features(), data.features());
      for (int i = 0; i < norms.length; i++) {
        norms[i] = norms.length * Math.sqrt(norms[i]) * Math.sqrt(widths[i]);
      }
      return norms;
    }
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
}
