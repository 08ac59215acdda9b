package io.vicinal.influence.query;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Every test row's nearest neighbour, and what follows from the wrong ones (Liu et al., NeurIPS
 * 2022, section 2). A row is wrong if its neighbour has another label, although a row of its own
 * could have been found: a lone row, with no relevant one, is neither right nor wrong and enters no
 * count, as in {@link io.vicinal.retrieval.Evaluation}. Neighbours are exact and exclude the row
 * itself by its id; equal distances go to the lower id, equal counts to the lower class, so that
 * every list is deterministic.
 *
 * <p>Rows 0..Q-1 ask; a row's id is its position in the embeddings, for queries and gallery alike.
 * Duplicates of one label are each other's right neighbours; of two labels, each other's wrong
 * ones. If no row is wrong, or there is one class only, every list is empty.
 *
 * <p>Immutable; safe for any thread.
 */
public final class Confusions {
  /** Classes that a prefix of confusion classes may have. */
  private static final int MOST = 10;

  private final Neighbouring neighbouring;
  private final long[] labels;
  private final long[] neighbours;
  private final double[] distances;
  private final Map<Long, Long> answering; // rows of each label that may be found

  /**
   * Made from neighbours that are known.
   *
   * @param labels of all rows
   * @param neighbours the nearest row of each of the first Q rows
   * @param distances their squared distances, in the geometry of {@code neighbouring}
   */
  Confusions(Neighbouring neighbouring, long[] labels, long[] neighbours, double[] distances) {
    this.neighbouring = neighbouring;
    this.labels = labels;
    this.neighbours = neighbours;
    this.distances = distances;
    int first = neighbours.length == labels.length ? 0 : neighbours.length;
    answering =
        Arrays.stream(labels, first, labels.length)
            .boxed()
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  /**
   * A set searched in itself.
   *
   * @param embeddings [T, d], F32 or F64 (compared in single precision), before normalisation
   * @param labels I64 [T]
   * @throws InputException if shapes do not fit, a value is not finite, or a row is alone
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public static Confusions find(
      Backend backend, Tensor embeddings, Tensor labels, Neighbouring neighbouring) {
    return find(backend, embeddings, labels, embeddings.dim(0), neighbouring);
  }

  /**
   * Queries searched in a gallery that does not contain them: the first rows ask, the rest answers.
   * With as many queries as rows the set is searched in itself.
   *
   * @param embeddings [T, d], queries first, F32 or F64 (compared in single precision)
   * @param labels I64 [T]
   * @param queries Q, 1..T
   * @throws InputException if shapes do not fit, a value is not finite, or nothing is left to find
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public static Confusions find(
      Backend backend, Tensor embeddings, Tensor labels, long queries, Neighbouring neighbouring) {
    long rows = embeddings.dim(0);
    if (labels.dtype() != DType.I64 || labels.size() != rows) {
      throw new InputException(
          "test labels: are " + labels + "; give one int64 label for each of " + rows + " rows");
    }
    if (queries < 1 || queries > rows) {
      throw new InputException("queries: must be 1.." + rows + ", got " + queries);
    }
    if (rows < 2) {
      throw new InputException("test features: one row has no neighbour; give two or more");
    }
    try (Arena arena = Arena.host()) {
      Tensor compared = arena.allocate(DType.F32, rows, embeddings.dim(1));
      compared.copyFrom(embeddings);
      if (neighbouring == Neighbouring.COSINE) {
        backend.normalizeRows(compared, compared);
      }
      boolean sameSet = queries == rows;
      Tensor gallery = sameSet ? compared : compared.rows(queries, rows);
      long[] self = null;
      if (sameSet) {
        self = new long[Math.toIntExact(rows)];
        Arrays.setAll(self, i -> i);
      }
      NeighbourList nearest =
          Neighbours.search(compared.rows(0, queries), gallery, 1, self, backend);
      long first = sameSet ? 0 : queries;
      long[] ids = Arrays.stream(nearest.ids()).map(id -> first + id).toArray();
      return new Confusions(neighbouring, labels.toLongs(), ids, nearest.distances());
    }
  }

  /** The geometry in which the neighbours were found. */
  public Neighbouring neighbouring() {
    return neighbouring;
  }

  /** Q, the number of rows that ask. */
  public int queries() {
    return neighbours.length;
  }

  /** The nearest neighbour of row i. */
  public long neighbour(long i) {
    return neighbours[Math.toIntExact(i)];
  }

  /** Squared distance to it, in the geometry in which it was found. */
  public double distance(long i) {
    return distances[Math.toIntExact(i)];
  }

  /** The label of a row. */
  public long label(long row) {
    return labels[Math.toIntExact(row)];
  }

  /** Whether no row that row i may find has its label. */
  public boolean lone(long i) {
    long itself = neighbours.length == labels.length ? 1 : 0;
    return answering.getOrDefault(label(i), 0L) <= itself;
  }

  /** Number of rows that ask and are lone. */
  public int lone() {
    return (int) IntStream.range(0, queries()).filter(this::lone).count();
  }

  /** Whether row i's neighbour has another label, and row i is not lone. */
  public boolean wrong(long i) {
    return label(i) != label(neighbour(i)) && !lone(i);
  }

  /** The wrong rows, ascending. */
  public long[] wrong() {
    return IntStream.range(0, queries()).filter(this::wrong).asLongStream().toArray();
  }

  /** (i, nn(i)) of the wrong rows, by ascending i. */
  public List<Pair> pairs() {
    return Arrays.stream(wrong()).mapToObj(i -> new Pair(i, neighbour(i))).toList();
  }

  /** Recall at 1: share of the rows that are not lone whose neighbour is right; NaN if all are. */
  public double recall() {
    int counted = queries() - lone();
    return counted == 0 ? Double.NaN : 1 - (double) wrong().length / counted;
  }

  /** Number of wrong rows of every class that has one, by class. */
  public SortedMap<Long, Long> wrongCounts() {
    SortedMap<Long, Long> counts = new TreeMap<>();
    for (long i : wrong()) {
      counts.merge(label(i), 1L, Long::sum);
    }
    return counts;
  }

  /** Classes by descending number of wrong rows, at most {@code most}, none without a wrong row. */
  public List<Long> worstClasses(int most) {
    return largest(wrongCounts(), most);
  }

  /**
   * What a class is mostly confused with: of the 10 classes that most of its wrong rows fall to,
   * the shortest prefix that holds more than half of its wrong rows, or all 10 if none does.
   */
  public List<Long> confusionClasses(long label) {
    SortedMap<Long, Long> counts = new TreeMap<>();
    long all = 0;
    for (long i : wrong()) {
      if (label(i) == label) {
        counts.merge(label(neighbour(i)), 1L, Long::sum);
        all++;
      }
    }
    List<Long> candidates = largest(counts, MOST);
    long covered = 0;
    for (int n = 0; n < candidates.size(); n++) {
      covered += counts.get(candidates.get(n));
      if (2 * covered > all) {
        return candidates.subList(0, n + 1);
      }
    }
    return candidates;
  }

  /** A class's wrong pairs with its confusion classes; empty if no row of it is wrong. */
  public Group group(long label) {
    List<Long> classes = confusionClasses(label);
    List<Pair> pairs = new ArrayList<>();
    for (Pair pair : pairs()) {
      if (label(pair.i()) == label && classes.contains(label(pair.j()))) {
        pairs.add(pair);
      }
    }
    return new Group(label, classes, pairs);
  }

  /** The groups of the worst classes, at most {@code most}. */
  public List<Group> groups(int most) {
    return worstClasses(most).stream().map(this::group).toList();
  }

  private static List<Long> largest(SortedMap<Long, Long> counts, int most) {
    return counts.keySet().stream() // ascending, and the sort is stable
        .sorted(Comparator.comparing((Long key) -> counts.get(key)).reversed())
        .limit(most)
        .toList();
  }
}
