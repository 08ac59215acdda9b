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
 * @param names of the bars, where x counts things that have no order; or null for curves
 */
public record Chart(
    String title,
    String x,
    String y,
    boolean logX,
    boolean logY,
    List<Series> series,
    List<String> names) {
  /** Curves. */
  public Chart(String title, String x, String y, boolean logX, boolean logY, List<Series> series) {
    this(title, x, y, logX, logY, series, null);
  }

  /** A bar for every name and series; each series has a value per name. */
  public static Chart bars(String title, String y, List<String> names, List<Series> series) {
    return new Chart(title, "", y, false, false, List.copyOf(series), List.copyOf(names));
  }

  /** With linear axes. */
  public static Chart linear(String title, String x, String y, List<Series> series) {
    return new Chart(title, x, y, false, false, List.copyOf(series));
  }
}
