package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.data.Names;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Lissa;
import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.attribution.TracIn;
import io.vicinal.influence.attribution.Trajectory;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.loss.Loss;
import io.vicinal.tensor.Arena;
import io.vicinal.train.Replay;
import io.vicinal.train.Supervision;
import java.util.List;

/**
 * The estimators that options name, in their order; made when they are first asked for. For one
 * thread.
 */
final class Methods implements AutoCloseable {
  private static final int CHECKPOINTS = 10; // at most
  private static final String TRACIN = "tracin";

  private final Setup setup;
  private final Arena arena; // of the heads that tracin keeps
  private List<Estimator> all;

  /**
   * @throws InputException if a method needs another loss, or there is no training for tracin to
   *     follow
   */
  Methods(Setup setup) {
    check(setup.options(), setup.subject().model().loss());
    this.setup = setup;
    arena = new Arena(setup.backend().memory());
  }

  private static void check(ExplainerOptions options, Loss loss) {
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
   * All of them.
   *
   * @throws InputException if tracin cannot follow the run
   */
  List<Estimator> all() {
    if (all == null) {
      List<String> names = setup.options().methods();
      List<TracIn.TracedHead> checkpoints = names.contains(TRACIN) ? train() : List.of();
      Estimators.EstimatorOptions options =
          new Estimators.EstimatorOptions(
              setup.options().eif(), Lissa.defaults(), NewtonLoo.defaults(), checkpoints);
      all = names.stream().map(name -> Estimators.of(name, options)).toList();
    }
    return all;
  }

  /**
   * One of them.
   *
   * @throws InputException if the options do not have it
   */
  Estimator named(String method) {
    int index = setup.options().methods().indexOf(method);
    if (index < 0) {
      throw new InputException(
          "method: "
              + method
              + " is not among "
              + String.join(", ", setup.options().methods())
              + ", which the options ask for; name it there");
    }
    return all().get(index);
  }

  /** Trains as the run did until the delivered head, and keeps heads on the way. */
  private List<TracIn.TracedHead> train() {
    HeadModel model = setup.subject().model();
    Replay.Plan plan = Replay.of(setup.options().run(), setup.backend());
    if (plan.epochs() == 0) {
      throw new InputException(
          "method: "
              + setup.options().run()
              + " has no epochs that tracin could follow; use another method");
    }
    int stride = Math.max(1, (plan.epochs() + CHECKPOINTS - 1) / CHECKPOINTS);
    Trajectory trajectory = Trajectory.everyEpochs(stride, arena);
    long[] labels = model.training().labels().toLongs();
    plan.training()
        .withLoss(model.loss())
        .watchedBy(trajectory)
        .train(model.training().features(), Supervision.hard((int) model.classes(), labels), arena);
    return trajectory.checkpoints();
  }

  @Override
  public void close() {
    arena.close();
  }
}
