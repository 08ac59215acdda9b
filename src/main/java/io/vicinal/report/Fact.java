package io.vicinal.report;

/**
 * A name and a value, ready to be read.
 *
 * @param name "damping"
 * @param value "0.013 = 10x the mean eigenvalue"
 * @param note a few more words, or null
 */
public record Fact(String name, String value, String note) {
  /** Without a note. */
  public Fact(String name, String value) {
    this(name, value, null);
  }
}
