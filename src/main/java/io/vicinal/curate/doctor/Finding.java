package io.vicinal.curate.doctor;

/**
 * One thing that was found. Immutable.
 *
 * @param sample it is about, -1 for none
 * @param other the sample that it is compared with, -1 for none
 * @param subject what it is about where that is no sample: a file, a class, a feature
 * @param detail what was found, in words
 * @param value the number behind it, NaN for none; findings of a kind are sorted by {@code order}
 * @param order the lower, the earlier it is looked at
 * @param redundant whether leaving this sample out loses nothing
 */
public record Finding(
    FindingKind kind,
    int sample,
    int other,
    String subject,
    String detail,
    double value,
    double order,
    boolean redundant) {

  /** About no sample. */
  static Finding of(FindingKind kind, String subject, String detail, double value, double order) {
    return new Finding(kind, -1, -1, subject, detail, value, order, false);
  }

  /** About one sample. */
  static Finding of(FindingKind kind, int sample, String detail, double value, double order) {
    return new Finding(kind, sample, -1, null, detail, value, order, false);
  }
}
