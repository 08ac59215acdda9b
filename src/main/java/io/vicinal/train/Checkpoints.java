package io.vicinal.train;

/** Keeps where a run can go on: after every epoch, every so many steps, when it is interrupted. */
final class Checkpoints implements Loop.Listener {
  private final RunState at;
  private final RunKeeper keeper;
  private final int steps;
  private final int batches;

  /**
   * @param steps between two within an epoch; 0: at epoch ends only
   * @param batches of an epoch
   */
  Checkpoints(RunState at, RunKeeper keeper, int steps, int batches) {
    this.at = at;
    this.keeper = keeper;
    this.steps = steps;
    this.batches = batches;
  }

  @Override
  public void stepped(Loop.Step step) {
    if (steps > 0 && at.steps % steps == 0 && at.batch < batches) {
      keeper.save(at);
    }
  }

  @Override
  public void ended(Loop.Epoch epoch) {
    keeper.save(at);
  }

  @Override
  public void interrupted() {
    keeper.save(at);
  }
}
