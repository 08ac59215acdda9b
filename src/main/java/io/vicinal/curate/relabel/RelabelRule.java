package io.vicinal.curate.relabel;

import io.vicinal.InputException;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.HeldOut;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How a sample's right label is guessed: first without a look at its given one, then with it. The
 * second probability is that of being right, which has to take into account that somebody wrote
 * another label, and how often such a label is written by mistake.
 */
public enum RelabelRule {
  /**
   * Out-of-fold predictions and votes of frozen-feature neighbours, each with a weight that fits
   * the given labels best: {@link HeldOut#combinedProbabilities}.
   */
  COMBINED("combined") {
    @Override
    public double[][] probabilities(Evidence evidence, int[] ids) {
      return rows(evidence.heldOut().combinedProbabilities(), ids);
    }

    @Override
    public double[][] posteriors(Evidence evidence, int[] ids) {
      return rows(evidence.heldOut().posteriors(), ids);
    }
  },
  /** Calibrated out-of-fold predictions: {@link HeldOut#outOfFoldProbabilities}. */
  OUT_OF_FOLD("out-of-fold") {
    @Override
    public double[][] probabilities(Evidence evidence, int[] ids) {
      return rows(evidence.heldOut().outOfFoldProbabilities(), ids);
    }

    @Override
    public double[][] posteriors(Evidence evidence, int[] ids) {
      return rows(evidence.heldOut().outOfFoldPosteriors(), ids);
    }
  },
  /** Votes of frozen-feature neighbours: {@link HeldOut#voteShares}. */
  KNN("knn") {
    @Override
    public double[][] probabilities(Evidence evidence, int[] ids) {
      return rows(evidence.heldOut().voteShares(), ids);
    }

    @Override
    public double[][] posteriors(Evidence evidence, int[] ids) {
      return rows(evidence.heldOut().votePosteriors(), ids);
    }
  },
  /**
   * The rule of Liu et al., NeurIPS 2022: the K nearest training samples in the raw embedding of
   * the delivered head, K the lower median of the class sizes, each with weight exp(-distance). The
   * head has learnt the wrong labels, so it follows them more than the other rules do. Its shares
   * are taken as they are, and say nothing about being right.
   */
  KNN_EMBEDDING("knn-embedding") {
    @Override
    public double[][] probabilities(Evidence evidence, int[] ids) {
      return embedded(evidence, ids);
    }

    @Override
    public double[][] posteriors(Evidence evidence, int[] ids) {
      return embedded(evidence, ids);
    }

    @Override
    public boolean isCalibrated() {
      return false;
    }
  };

  private static final int CELLS = 1 << 22; // of a block of neighbour lists

  private final String text;

  RelabelRule(String text) {
    this.text = text;
  }

  /**
   * Without a look at the given label.
   *
   * @return a row of C probabilities for each id
   */
  public abstract double[][] probabilities(Evidence evidence, int[] ids);

  /**
   * How likely each class is the right one, the given label considered.
   *
   * @return a row of C probabilities for each id
   */
  public abstract double[][] posteriors(Evidence evidence, int[] ids);

  /** Whether a stated probability is meant to be the share of cases in which it is right. */
  public boolean isCalibrated() {
    return true;
  }

  /** The name that the command line uses. */
  public String text() {
    return text;
  }

  /**
   * @throws InputException if there is none of this name
   */
  public static RelabelRule parse(String text) {
    return Arrays.stream(values())
        .filter(rule -> rule.text.equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "rule: '"
                        + text
                        + "' is unknown; choose "
                        + Arrays.stream(values())
                            .map(r -> r.text)
                            .collect(Collectors.joining(", "))));
  }

  private static double[][] rows(double[][] table, int[] ids) {
    return Arrays.stream(ids).mapToObj(id -> table[id]).toArray(double[][]::new);
  }

  private static double[][] embedded(Evidence evidence, int[] ids) {
    Tensor gallery = evidence.neighbours().embeddings();
    int k = Math.min(medianClassSize(evidence.labels()), evidence.samples() - 1);
    int block = Math.max(1, CELLS / k);
    double[][] rows = new double[ids.length][];
    for (int from = 0; from < ids.length; from += block) {
      int to = Math.min(from + block, ids.length);
      long[] some = Arrays.stream(ids, from, to).asLongStream().toArray();
      try (Arena arena = new Arena(evidence.backend().memory())) {
        Tensor queries = arena.allocate(DType.F32, some.length, gallery.dim(1));
        evidence.backend().gatherRows(gallery, arena.of(some, some.length), queries);
        NeighbourList lists = Neighbours.search(queries, gallery, k, some, evidence.backend());
        for (int q = 0; q < some.length; q++) {
          rows[from + q] = weighted(lists, q, evidence.labels(), evidence.classes());
        }
      }
    }
    return rows;
  }

  /**
   * Shares of the classes with weights exp(-(distance - smallest distance)): the common factor
   * changes no share, and without it distances of some hundreds leave 0 / 0.
   */
  static double[] weighted(NeighbourList lists, int query, long[] labels, int classes) {
    double[] shares = new double[classes];
    double nearest = Math.sqrt(lists.distance(query, 0));
    double sum = 0;
    for (int j = 0; j < lists.k(); j++) {
      double weight = Math.exp(nearest - Math.sqrt(lists.distance(query, j)));
      shares[(int) labels[(int) lists.id(query, j)]] += weight;
      sum += weight;
    }
    for (int c = 0; c < classes; c++) {
      shares[c] /= sum;
    }
    return shares;
  }

  /** The lower median of the sizes of the classes that occur. */
  static int medianClassSize(long[] labels) {
    long[] sizes =
        Arrays.stream(labels)
            .boxed()
            .collect(Collectors.groupingBy(y -> y, Collectors.counting()))
            .values()
            .stream()
            .mapToLong(Long::longValue)
            .sorted()
            .toArray();
    return Math.toIntExact(sizes[(sizes.length - 1) / 2]);
  }
}
