package io.vicinal.report;

/** How samples look. */
public interface Look {
  /**
   * Adds a sample's picture, if it has one.
   *
   * @param row of the sample
   */
  void addTo(Pictures pictures, String key, long row);

  /** How many pictures that were asked for, or are listed, could not be read. */
  default int unreadable() {
    return 0;
  }
}
