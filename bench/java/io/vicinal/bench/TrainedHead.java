package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.optim.Adam;
import io.vicinal.sample.BalancedSampler;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/**
 * The head that influence is measured on: seeded features that lean towards their classes, a
 * ProxyNCA++ head trained on them by Adam over balanced batches (32 = 8 x 4), and test features of
 * as many other classes. One label in ten is wrong, so that there is something to find.
 *
 * @param model training features, labels and the trained head
 * @param test features of classes that training never saw, with their labels
 */
record TrainedHead(HeadModel model, FeatureSet test) {
  private static final int EPOCHS = 20;
  private static final double PULL = 0.35;

  static TrainedHead of(
      Backend backend, Arena arena, int samples, int features, int width, int classes) {
    Inputs inputs = new Inputs(31, arena);
    long[] clean = inputs.balancedLabels(samples, classes, 1);
    Tensor x =
        decaying(backend, arena, inputs.around(inputs.gaussian(1, classes, features), clean, PULL));
    long[] given = clean.clone();
    Xoshiro noise = new Xoshiro(7);
    for (int i = 0; i < samples; i++) {
      if (noise.below(10) == 0) {
        given[i] = (given[i] + 1 + noise.below(classes - 1)) % classes;
      }
    }
    FeatureSet training = new FeatureSet(x, arena.of(given, samples), "seeded features");
    long[] testLabels = inputs.balancedLabels(samples, classes, 1);
    Tensor t =
        decaying(
            backend, arena, inputs.around(inputs.gaussian(1, classes, features), testLabels, PULL));
    Loss loss = Losses.create("proxy-nca-pp", Map.of());
    HeadTensors head = train(backend, arena, loss, training, width, classes);
    return new TrainedHead(
        new HeadModel(loss, training, head),
        new FeatureSet(t, arena.of(testLabels, samples), "seeded test features"));
  }

  /**
   * Columns scaled so that column j's variance falls as 1/(1+j), with mean 1: the covariance of trained
   * networks' features has such a spectrum, and solvers live on it.
   */
  private static Tensor decaying(Backend backend, Arena arena, Tensor x) {
    int columns = Math.toIntExact(x.dim(1));
    double sum = 0;
    for (int j = 0; j < columns; j++) {
      sum += 1.0 / (1 + j);
    }
    float[] scale = new float[columns];
    for (int j = 0; j < columns; j++) {
      scale[j] = (float) Math.sqrt(columns / sum / (1 + j));
    }
    backend.multiply(arena.of(scale, columns), x, x);
    return x;
  }

  private static HeadTensors train(
      Backend backend, Arena arena, Loss loss, FeatureSet set, int width, int classes) {
    long[] labels = set.labels().toLongs();
    long[] ids = new long[labels.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i;
    }
    BalancedSampler sampler = new BalancedSampler(ids, labels, 8, 4, 6);
    int batch = sampler.batchSize();
    try (Arena there = new Arena(backend.memory())) {
      AdamHead head = new AdamHead(backend, there, loss, set.width(), width, classes, 1e-3);
      Tensor features = there.allocate(DType.F32, set.features().shape());
      features.copyFrom(set.features());
      Tensor rows = there.allocate(DType.I64, batch);
      Tensor x = there.allocate(DType.F32, batch, set.width());
      Tensor y = there.allocate(DType.I64, batch);
      long[] batchLabels = new long[batch];
      for (int step = 0; step < EPOCHS * sampler.batchesPerEpoch(); step++) {
        long[] chosen = sampler.nextBatch();
        for (int i = 0; i < batch; i++) {
          batchLabels[i] = labels[(int) chosen[i]];
        }
        rows.set(chosen);
        y.set(batchLabels);
        backend.gatherRows(features, rows, x);
        head.step(x, y);
      }
      HeadTensors trained = head.tensors();
      return new HeadTensors(
          copy(arena, trained.weight()), null, copy(arena, trained.proxies()));
    }
  }

  private static Tensor copy(Arena arena, Tensor from) {
    Tensor to = arena.allocate(from.dtype(), from.shape());
    to.copyFrom(from);
    return to;
  }
}
