package io.vicinal.process;

import java.util.ArrayList;
import java.util.List;

/**
 * What a shell starts in the background ignores SIGINT, and so does all that it starts: a test that
 * interrupts a process gives it the default handling back first.
 */
public final class DefaultSignals {
  private DefaultSignals() {}

  /** The command, to be run with no signal ignored; its process keeps its number. */
  public static List<String> of(List<String> command) {
    List<String> restored = new ArrayList<>(List.of("env", "--default-signal=INT,TERM,HUP"));
    restored.addAll(command);
    return restored;
  }
}
