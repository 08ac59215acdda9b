package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.Names;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Lissa;
import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.attribution.TracIn;
import io.vicinal.influence.attribution.Trajectory;
import io.vicinal.loss.Loss;
import io.vicinal.tensor.Arena;
import io.vicinal.train.Replay;
import io.vicinal.train.Supervision;
import java.util.List;

/** The estimators by the names of options. Stateless. */
final class Methods {
  private static final int CHECKPOINTS = 10; // at most
  private static final String TRACIN = "tracin";

  private Methods() {}

  /**
   * Refuses methods that the model cannot have.
   *
   * @throws InputException if one needs another loss, or there is no training for tracin to follow
   */
  static void check(ExplainerOptions options, Loss loss) {
    for (String name : options.methods()) {
      String need = Estimators.need(name, loss.spec());
      if (need != null) {
        List<String> able =
            Estimators.names(loss.spec()).stream()
                .filter(other -> !other.equals(TRACIN) || options.run() != null)
                .toList();
        throw new InputException(
            "method: "
                + name
                + " needs "
                + need
                + ", which "
                + loss.name()
                + " with these parameters is not; use "
                + Names.or(able));
      }
    }
    if (options.methods().contains(TRACIN) && options.run() == null) {
      throw new InputException("method: tracin follows a training; name its run folder with --run");
    }
  }

  /**
   * @param arena owner of the heads that tracin keeps
   */
  static List<Estimator> of(
      ExplainerOptions options, Subject subject, Backend backend, Arena arena) {
    List<TracIn.TracedHead> checkpoints =
        options.methods().contains(TRACIN) ? train(options, subject, backend, arena) : List.of();
    Estimators.Options all =
        new Estimators.Options(options.eif(), Lissa.defaults(), NewtonLoo.defaults(), checkpoints);
    return options.methods().stream().map(name -> Estimators.of(name, all)).toList();
  }

  /** Trains as the run did until the delivered head, and keeps heads on the way. */
  private static List<TracIn.TracedHead> train(
      ExplainerOptions options, Subject subject, Backend backend, Arena arena) {
    Replay.Plan plan = Replay.of(options.run(), backend);
    if (plan.epochs() == 0) {
      throw new InputException(
          "method: "
              + options.run()
              + " has no epochs that tracin could follow; use another method");
    }
    int stride = Math.max(1, (plan.epochs() + CHECKPOINTS - 1) / CHECKPOINTS);
    Trajectory trajectory = Trajectory.everyEpochs(stride, arena);
    long[] labels = subject.model().training().labels().toLongs();
    plan.training()
        .withLoss(subject.model().loss())
        .watchedBy(trajectory)
        .train(
            subject.model().training().features(),
            Supervision.hard((int) subject.model().classes(), labels),
            arena);
    return trajectory.checkpoints();
  }
}
