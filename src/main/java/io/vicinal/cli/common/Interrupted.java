package io.vicinal.cli.common;

import java.util.function.Supplier;

/** Says a sentence when the process is ended by a signal (Ctrl-C, kill) while this is open. */
public final class Interrupted implements AutoCloseable {
  private final Thread hook;

  /**
   * @param sentence asked for when the signal has come; an empty one is not printed
   */
  public Interrupted(Supplier<String> sentence) {
    hook =
        new Thread(
            () -> {
              String text = sentence.get();
              if (!text.isEmpty()) {
                System.err.println(System.lineSeparator() + text);
              }
            },
            "vicinal-interrupted");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the process is ending: the sentence is being said
    }
  }
}
