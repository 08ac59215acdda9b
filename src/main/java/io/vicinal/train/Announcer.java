package io.vicinal.train;

/** Tells the caller's listener how a run gets on. */
final class Announcer implements Loop.Listener {
  private final TrainingListener listener;
  private final int epochs;
  private final int batches;
  private final int[] rows;
  private final int centers;
  private final int[] lastSeen; // per class: the stamp of the step that last had it in its batch
  private int stamp;
  private long start; // of the epoch whose samples are counted
  private long samples;

  /**
   * @param epochs in all
   * @param batches of an epoch
   * @param rows the class of every sample
   * @param classes of which there are so many
   * @param centers proxies of a class
   */
  Announcer(
      TrainingListener listener, int epochs, int batches, int[] rows, int classes, int centers) {
    this.listener = listener;
    this.epochs = epochs;
    this.batches = batches;
    this.rows = rows;
    this.centers = centers;
    this.lastSeen = new int[classes];
  }

  @Override
  public void stepped(Loop.Step step) {
    samples = step.ids().length + (step.start() == start ? samples : 0);
    start = step.start();
    listener.stepped(
        new TrainingListener.Step(
            step.epoch(),
            epochs,
            step.batch() + 1,
            batches,
            step.value().loss(),
            samples / Math.max(1e-9, (System.nanoTime() - start) / 1e9),
            classesOf(step.ids()) * centers));
  }

  private long classesOf(long[] ids) {
    stamp++;
    long classes = 0;
    for (long id : ids) {
      int row = rows[(int) id];
      classes += lastSeen[row] == stamp ? 0 : 1;
      lastSeen[row] = stamp;
    }
    return classes;
  }

  @Override
  public void ended(Loop.Epoch epoch) {
    listener.epochEnded(
        new TrainingListener.Epoch(
            epoch.number, epochs, epoch.loss, epoch.validation, epoch.best, epoch.seconds));
  }
}
