package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.influence.estimate.Estimator;
import io.vicinal.influence.estimate.TracIn;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The estimators that a command asks for. Stateless. */
final class Methods {
  private static final int CHECKPOINTS = 10; // at most
  private static final String TRACIN = "tracin";
  private static final List<String> COSINE_SOFTMAX = List.of("if-gn", "ekfac", "if-seed", "self");

  private Methods() {}

  /**
   * Refuses methods that the inputs cannot have, before anything is read.
   *
   * @throws InputException if there is no training for tracin to follow
   */
  static void check(MethodOptions options, ModelOptions inputs) {
    options.check();
    if (options.names().contains(TRACIN) && inputs.run == null) {
      throw new InputException(
          "--method: tracin follows a training; name its run folder with --run");
    }
  }

  static List<Estimator> of(MethodOptions options, ModelOptions inputs, Model model) {
    Loss loss = model.model().loss();
    for (String name : options.names()) {
      if (COSINE_SOFTMAX.contains(name) && !loss.spec().isCosineSoftmax()) {
        throw new InputException(
            "--method: "
                + name
                + " needs a softmax over cosines, which "
                + loss.name()
                + " with these parameters is not; use if, eif or gradient");
      }
    }
    List<TracIn.Checkpoint> checkpoints =
        options.names().contains(TRACIN) ? train(inputs, model) : List.of();
    return options.names().stream().map(name -> options.estimator(name, checkpoints)).toList();
  }

  /** Trains as the run did, and keeps the heads after some epochs. */
  private static List<TracIn.Checkpoint> train(ModelOptions inputs, Model model) {
    RunConfig config = ConfigParser.stored(inputs.run.resolve("config.json"));
    int stride = Math.max(1, (config.epochs() + CHECKPOINTS - 1) / CHECKPOINTS);
    long steps = stride * Math.max(1, model.model().samples() / config.sampler().batchSize());
    double rates = steps * config.optimizer().lr(); // of the steps that a checkpoint stands for
    List<TracIn.Checkpoint> checkpoints = new ArrayList<>();
    long[] labels = model.model().training().labels().toLongs();
    HeadTraining.of(model.backend(), config)
        .withLoss(model.model().loss())
        .watchedBy(
            (epoch, head) -> {
              if (epoch % stride == 0) {
                Head kept = copy(head, model);
                checkpoints.add(new TracIn.Checkpoint(kept.tensors(), rates));
              }
            })
        .train(
            model.model().training().features(),
            Supervision.hard((int) model.model().classes(), labels),
            model.arena());
    return checkpoints;
  }

  private static Head copy(Head head, Model model) {
    Head copy = head.like(model.arena());
    Map<String, Tensor> to = copy.named();
    head.named().forEach((name, tensor) -> to.get(name).copyFrom(tensor));
    return copy;
  }
}
