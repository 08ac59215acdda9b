package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Map;
import java.util.Set;

/**
 * A linear head on cached features, and its criterion: the smallest model. Batches lie always in
 * the same tensors, so that a device may record a step and repeat it.
 */
final class FeatureTraining implements Trainable {
  private final Backend backend;
  private final Tensor features;
  private final BatchTargets targets;
  private final Criterion criterion;
  private final Parameters parameters;
  private final Parameters gradients;
  private final Tensor batchIds; // [B], as are the next one's rows; a batch may be smaller
  private final Tensor batch;

  /**
   * @param features X [N, D]
   * @param head whose map is trained
   * @param rows the most samples of a batch
   * @param arena owner of gradients and batches
   */
  FeatureTraining(
      Backend backend,
      Tensor features,
      Supervision supervision,
      Head head,
      Criterion criterion,
      int rows,
      Arena arena) {
    this.backend = backend;
    this.features = features;
    this.targets = new BatchTargets(supervision, rows, features.dtype(), arena);
    this.criterion = criterion;
    this.parameters = head.parameters().subset(Head.GROUPS).and(criterion.learned());
    this.gradients = parameters.like(arena);
    this.batchIds = arena.allocate(DType.I64, rows);
    this.batch = arena.allocate(features.dtype(), rows, features.dim(1));
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }

  @Override
  public Parameters gradients() {
    return gradients;
  }

  @Override
  public Map<String, Tensor> buffers() {
    return criterion.buffers();
  }

  @Override
  public LossValue step(long step, long[] ids, Set<String> frozen) {
    Tensor idRows = batchIds.rows(0, ids.length);
    Tensor rows = batch.rows(0, ids.length);
    idRows.set(ids);
    backend.gatherRows(features, idRows, rows);
    Parameters wanted = gradients.without(frozen);
    return criterion.gradient(step, rows, targets.of(ids), parameters, wanted);
  }

  @Override
  public void stepped() {
    criterion.stepped();
  }
}
