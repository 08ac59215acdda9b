package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A process of its own that goes on with a run until it is done or killed. Arguments: run folder,
 * milliseconds to sleep after a step, overrides of the configuration. Prints a dot per step.
 */
final class ResumedProcess {

  private ResumedProcess() {}

  public static void main(String[] args) {
    long sleep = Long.parseLong(args[1]);
    TrainingListener slow =
        new TrainingListener() {
          @Override
          public void stepped(Step step) {
            System.out.print('.');
            System.out.flush();
            try {
              Thread.sleep(sleep);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    try (Arena arena = Arena.host()) {
      Trainer.train(
          ResumeTest.config(Arrays.copyOfRange(args, 2, args.length)),
          ResumeTest.data(arena),
          Path.of(args[0]),
          RunMode.RESUME,
          slow);
    } catch (InputException e) {
      System.out.println(e.getMessage());
      System.exit(1);
    }
  }
}
