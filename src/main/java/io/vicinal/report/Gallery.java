package io.vicinal.report;

import io.vicinal.data.Names;
import java.util.function.LongFunction;

/**
 * The training and test samples that a page shows: what to call them, and their pictures where the
 * data has some, each stored once. Not for several threads at once.
 *
 * @param training samples by their row
 * @param test samples by their row
 * @param pictures that were asked for
 */
public record Gallery(Shelf training, Shelf test, Pictures pictures) {
  /**
   * One set of samples.
   *
   * @param word what one is called: "image", "sample", "query"
   * @param ids number of each row for the reader
   * @param labels of each row
   * @param right label of each row, or null if that is not known
   * @param className what to call a label
   * @param look or null if nothing can be shown
   * @param names of the samples by their ids, or none
   */
  public record Shelf(
      String word,
      long[] ids,
      long[] labels,
      long[] right,
      LongFunction<String> className,
      Look look,
      Names names) {
    /** Samples without names. */
    public Shelf(
        String word,
        long[] ids,
        long[] labels,
        long[] right,
        LongFunction<String> className,
        Look look) {
      this(word, ids, labels, right, className, look, Names.none());
    }

    /** What to call the class that a row carries. */
    public String classOf(long row) {
      return className.apply(labels[(int) row]);
    }

    /** What to call a row. */
    public String name(long row) {
      return word + " " + names.sampleText(ids[(int) row]);
    }
  }

  /** Without pictures so far. */
  public Gallery(Shelf training, Shelf test) {
    this(training, test, new Pictures());
  }

  /** A training sample with the label that it carries, and the right one if that is another. */
  public Sample train(long row) {
    return sample("train/", training, row);
  }

  /** As {@link #train}, without a picture of its own. */
  public Sample named(long row) {
    return named("train/", training, row);
  }

  /** A test sample. */
  public Sample query(long row) {
    return sample("test/", test, row);
  }

  private Sample sample(String folder, Shelf shelf, long row) {
    String key = folder + row;
    if (shelf.look() != null && !pictures.has(key)) {
      shelf.look().addTo(pictures, key, row);
    }
    return named(folder, shelf, row);
  }

  private static Sample named(String folder, Shelf shelf, long row) {
    boolean wrong = shelf.right() != null && shelf.right()[(int) row] != shelf.labels()[(int) row];
    return new Sample(
        folder + row,
        shelf.name(row),
        shelf.classOf(row),
        wrong ? shelf.className().apply(shelf.right()[(int) row]) : null);
  }
}
