package io.vicinal.influence.query;

/**
 * A differentiable number of a few test embeddings, such as a pair's squared distance. Immutable,
 * safe for any thread.
 */
public interface Measurement {
  /** Gives embeddings before normalisation, z = W f + b, by test row. */
  interface Embeddings {
    /** d. */
    int width();

    /** The raw embedding of a test row, not to be changed. */
    double[] raw(long row);
  }

  /**
   * Receives the derivative with respect to the raw embedding of a row; several for one row add up.
   */
  interface GradientSink {
    void add(long row, double[] derivative);
  }

  /** What it is, in a few words: "distance 12-340". */
  String name();

  /** Its unit in words: "squared distance", "recall". */
  String unit();

  /** The test rows that it reads, each once, ascending. */
  long[] rows();

  /** Its value. */
  double value(Embeddings embeddings);

  /** Its gradient with respect to the raw embeddings; a zero row has derivative zero. */
  void gradient(Embeddings embeddings, GradientSink sink);
}
