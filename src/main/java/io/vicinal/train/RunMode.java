package io.vicinal.train;

/** What to do about a run that the folder already holds. Immutable. */
public enum RunMode {
  /** Refuses a folder that holds a run. */
  NEW,
  /** Goes on with the folder's run; starts one when there is none. */
  RESUME,
  /** Moves the folder's run to {@code previous-N} beside the new one, and starts over. */
  RESTART
}
