package io.vicinal.cli.common;

import io.vicinal.OptionalLibrary;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on the terminal's error stream; nothing at all where there is no terminal. Not
 * thread-safe.
 */
public final class Bar implements AutoCloseable {
  private static final int INTERVAL_MILLIS = 200;

  private final String task;
  private ProgressBar bar;

  public Bar(String task) {
    this.task = task;
  }

  /** Whether standard output and error are a person's terminal. */
  private static boolean terminal() {
    String kind = System.getenv("TERM");
    return System.console() != null && kind != null && !kind.equals("dumb");
  }

  public void show(long done, long total, String text) {
    if (bar == null && terminal() && OptionalLibrary.PROGRESS_BAR.present()) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(INTERVAL_MILLIS)
              .build();
    }
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(done);
      bar.setExtraMessage(" " + text);
    }
  }

  /** Prints a line of its own: the bar goes on below it. */
  public void interrupt(Runnable print) {
    if (bar != null) {
      System.err.print("\r\033[K");
    }
    print.run();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
