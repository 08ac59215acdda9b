package io.vicinal.influence.attribution;

import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.train.HeadTraining;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Watches a training and keeps {@link TracIn}'s checkpoints: copies of the head before some of its
 * steps, each with the learning rates that the steps from there to the next copy really had, each
 * step's times its share in the head that comes out. For one training, in its thread.
 */
public final class Trajectory implements HeadTraining.Listener {
  private final Arena arena;
  private final Predicate<HeadTraining.Step> kept;
  private final List<Head> heads = new ArrayList<>();
  private final List<Map<String, Double>> learningRates = new ArrayList<>();

  private Trajectory(Arena arena, Predicate<HeadTraining.Step> kept) {
    this.arena = arena;
    this.kept = kept;
  }

  /**
   * Keeps the head before the first step, and after every so many epochs.
   *
   * @param arena owner of the copies
   * @param stride at least 1
   */
  public static Trajectory everyEpochs(int stride, Arena arena) {
    return new Trajectory(arena, step -> step.batch() == 0 && (step.epoch() - 1) % stride == 0);
  }

  /** Keeps the head before every step. */
  public static Trajectory everyStep(Arena arena) {
    return new Trajectory(arena, step -> true);
  }

  @Override
  public void stepping(HeadTraining.Step step) {
    if (kept.test(step)) {
      heads.add(step.head().copy(arena));
      learningRates.add(new HashMap<>());
    }
    Map<String, Double> sums = learningRates.get(learningRates.size() - 1);
    step.learningRates()
        .forEach((group, rate) -> sums.merge(group, rate * step.share(), Double::sum));
  }

  @Override
  public void ended(int epoch, Head head) {
    // its steps have been seen
  }

  /** What was kept so far. */
  public List<TracIn.TracedHead> checkpoints() {
    List<TracIn.TracedHead> checkpoints = new ArrayList<>();
    for (int t = 0; t < heads.size(); t++) {
      checkpoints.add(new TracIn.TracedHead(heads.get(t).tensors(), learningRates.get(t)));
    }
    return checkpoints;
  }
}
