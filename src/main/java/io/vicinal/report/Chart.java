package io.vicinal.report;

import java.util.List;

/**
 * Curves over common axes.
 *
 * @param title above it
 * @param x the horizontal axis's name, with its unit
 * @param y the vertical axis's name, with its unit
 * @param logX whether the horizontal axis is logarithmic
 * @param logY whether the vertical axis is logarithmic
 * @param series at most twenty can be told apart
 */
public record Chart(
    String title, String x, String y, boolean logX, boolean logY, List<Series> series) {
  /** With linear axes. */
  public static Chart linear(String title, String x, String y, List<Series> series) {
    return new Chart(title, x, y, false, false, List.copyOf(series));
  }
}
