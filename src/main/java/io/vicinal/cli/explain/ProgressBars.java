package io.vicinal.cli.explain;

import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.solve.Progress;
import java.io.PrintWriter;

/**
 * A bar per stage of a long computation, where there is a terminal, and a line for what begins. For
 * one thread.
 */
final class ProgressBars implements Progress, AutoCloseable {
  private final PrintWriter writer;
  private String stage;
  private Bar bar;

  /**
   * @param writer of lines
   */
  ProgressBars(PrintWriter writer) {
    this.writer = writer;
  }

  /** Prints what begins now, at once. */
  void say(String line) {
    finish();
    writer.println(line);
    writer.flush();
  }

  @Override
  public void at(String now, long done, long total, long products, double residual) {
    if (!now.equals(stage)) {
      finish();
      stage = now;
      bar = new Bar(now);
    }
    String text = products > 0 ? products + " products" : "";
    if (Double.isFinite(residual)) {
      text += Text.say(", residual %.1e", residual);
    }
    bar.show(done, total, text);
  }

  /** Takes the bar away; what follows may print. */
  void finish() {
    if (bar != null) {
      bar.close();
      bar = null;
      stage = null;
    }
  }

  @Override
  public void close() {
    finish();
  }
}
