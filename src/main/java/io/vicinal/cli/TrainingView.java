package io.vicinal.cli;

import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.Text;
import io.vicinal.train.TrainingListener;
import java.io.PrintWriter;
import java.util.StringJoiner;
import picocli.CommandLine;

/**
 * Shows a run: a progress bar on a terminal, a line per epoch elsewhere. Used by the training
 * thread only.
 */
final class TrainingView implements TrainingListener, AutoCloseable {
  private final PrintWriter out;
  private final Bar bar;
  private boolean trained;

  TrainingView(CommandLine commandLine) {
    this.out = commandLine.getOut();
    this.bar = new Bar("training");
  }

  @Override
  public void note(String sentence) {
    bar.interrupt(() -> out.println(sentence));
  }

  @Override
  public void stepped(Step step) {
    trained = true;
    long total = (long) step.epochs() * step.steps();
    long done = (long) (step.epoch() - 1) * step.steps() + step.step();
    bar.show(
        done,
        total,
        Text.say(
            "epoch %d/%d  loss %.4f  %.0f samples/s",
            step.epoch(), step.epochs(), step.loss(), step.samplesPerSecond()));
  }

  @Override
  public void epochEnded(Epoch epoch) {
    StringJoiner line = new StringJoiner("  ");
    line.add(Text.say("epoch %d/%d", epoch.epoch(), epoch.epochs()));
    line.add(Text.say("loss %.4f", epoch.loss()));
    epoch.validation().forEach((id, value) -> line.add(id + " " + Text.percent(value)));
    line.add(Text.say("%.1f s", epoch.seconds()));
    bar.interrupt(() -> out.println(epoch.best() ? line + "  best" : line));
  }

  /** Whether there was a step: a finished run that is resumed has none. */
  boolean trained() {
    return trained;
  }

  /** Takes the bar away; what follows may print. */
  void finish() {
    bar.close();
  }

  @Override
  public void close() {
    finish();
  }
}
