package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.TracIn;
import io.vicinal.influence.attribution.Trajectory;
import io.vicinal.loss.Loss;
import io.vicinal.train.Replay;
import io.vicinal.train.Supervision;
import java.util.List;

/** The estimators that a command asks for. Stateless. */
final class Methods {
  private static final int CHECKPOINTS = 10; // at most
  private static final String TRACIN = "tracin";

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

  static List<Estimator> of(MethodOptions options, ModelOptions inputs, ModelInputs model) {
    Loss loss = model.model().loss();
    for (String name : options.names()) {
      String need = Estimators.need(name, loss.spec());
      if (need != null) {
        List<String> able =
            Estimators.names(loss.spec()).stream()
                .filter(other -> !other.equals(TRACIN) || inputs.run != null)
                .toList();
        throw new InputException(
            "--method: "
                + name
                + " needs "
                + need
                + ", which "
                + loss.name()
                + " with these parameters is not; use "
                + Text.or(able));
      }
    }
    List<TracIn.Checkpoint> checkpoints =
        options.names().contains(TRACIN) ? train(inputs, model) : List.of();
    return options.names().stream().map(name -> options.estimator(name, checkpoints)).toList();
  }

  /** Trains as the run did until the delivered head, and keeps heads on the way. */
  private static List<TracIn.Checkpoint> train(ModelOptions inputs, ModelInputs model) {
    Replay.Plan plan = Replay.of(inputs.run, model.backend());
    if (plan.epochs() == 0) {
      throw new InputException(
          "--method: "
              + inputs.run
              + " has no epochs that tracin could follow; use another method");
    }
    int stride = Math.max(1, (plan.epochs() + CHECKPOINTS - 1) / CHECKPOINTS);
    Trajectory trajectory = Trajectory.everyEpochs(stride, model.arena());
    long[] labels = model.model().training().labels().toLongs();
    plan.training()
        .withLoss(model.model().loss())
        .watchedBy(trajectory)
        .train(
            model.model().training().features(),
            Supervision.hard((int) model.model().classes(), labels),
            model.arena());
    return trajectory.checkpoints();
  }
}
