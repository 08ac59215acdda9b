package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * Samples as cached features with their class labels. A sample's id is its row, and never changes
 * meaning. Immutable as far as its tensors are; safe for any number of reading threads.
 *
 * @param features F32 or F64 [N, D], N and D at least 1
 * @param labels I64 [N], each 0 or more
 * @param name what messages call it, such as a file's name
 * @param classNames the names of labels 0, 1, ..., or none
 * @param sampleNames the N samples' names, or none
 */
public record FeatureSet(
    Tensor features, Tensor labels, String name, Names classNames, Names sampleNames) {
  /** Samples and classes without names. */
  public FeatureSet(Tensor features, Tensor labels, String name) {
    this(features, labels, name, Names.none(), Names.none());
  }

  /**
   * @throws InputException if types, shapes or numbers of names do not fit, or a label is negative
   */
  public FeatureSet {
    if (!features.dtype().isFloat() || features.shape().rank() != 2 || features.size() == 0) {
      throw new InputException(
          name
              + ": features are "
              + features
              + "; give a non-empty matrix [N, D] of float32 or float64"
              + ArrayFile.asRows(features.shape()));
    }
    if (labels.dtype() != DType.I64 || labels.shape().rank() != 1) {
      throw new InputException(name + ": labels are " + labels + "; give a vector [N] of int64");
    }
    if (labels.dim(0) != features.dim(0)) {
      throw new InputException(
          name
              + ": "
              + labels.dim(0)
              + " labels for "
              + features.dim(0)
              + " rows of features; give one label per row");
    }
    for (long label : labels.toLongs()) {
      if (label < 0) {
        throw new InputException(
            name + ": label " + label + " is negative; number the classes from 0");
      }
      if (classNames.known() && label >= classNames.size()) {
        throw new InputException(
            name
                + ": label "
                + label
                + " has no name among "
                + classNames.size()
                + " class names; give one for each of 0.."
                + LongStream.of(labels.toLongs()).max().getAsLong());
      }
    }
    if (sampleNames.known() && sampleNames.size() != features.dim(0)) {
      throw new InputException(
          name
              + ": "
              + sampleNames.size()
              + " sample names for "
              + features.dim(0)
              + " samples; give one for each row");
    }
  }

  /** The same samples with other names. */
  public FeatureSet named(Names classes, Names samples) {
    return new FeatureSet(features, labels, name, classes, samples);
  }

  /**
   * Samples that a program has.
   *
   * @param arena owner of the copies
   * @param rows [N, D]
   * @param labels [N]
   * @param name what messages call them
   * @throws InputException if there is not one label for each row
   */
  public static FeatureSet of(Arena arena, Rows rows, ClassLabels labels, String name) {
    Names classes = Names.of(labels.names());
    return new FeatureSet(rows.to(arena), labels.to(arena), name, classes, Names.none());
  }

  /**
   * @throws InputException if a feature is NaN or infinite, naming the first by sample and column
   */
  public void checkFinite(Backend backend) {
    long at = backend.findNonFinite(features);
    if (at >= 0) {
      throw notFinite(name, at, width(), "");
    }
  }

  /**
   * What is said of features whose number at this flat index is NaN or infinite.
   *
   * @param column what {@link ArrayFile#column} says of it
   */
  public static InputException notFinite(String name, long at, long width, String column) {
    return new InputException(
        name
            + ": features["
            + at / width
            + ", "
            + at % width
            + "]"
            + column
            + " is NaN or infinite; repair or remove that row");
  }

  /** Number of samples, N. */
  public long samples() {
    return features.dim(0);
  }

  /** Number of features, D. */
  public long width() {
    return features.dim(1);
  }

  /** One more than the largest label: the number of classes that a loss needs to know. */
  public long classes() {
    return LongStream.of(labels.toLongs()).max().getAsLong() + 1;
  }

  /** Number of samples of every class that occurs, by label. */
  public SortedMap<Long, Long> classCounts() {
    SortedMap<Long, Long> counts = new TreeMap<>();
    for (long label : labels.toLongs()) {
      counts.merge(label, 1L, Long::sum);
    }
    return counts;
  }

  /** Ids, ascending, of the samples whose class is one of {@code classes}. */
  public long[] idsOf(long... classes) {
    long[] wanted = classes.clone();
    Arrays.sort(wanted);
    long[] all = labels.toLongs();
    return LongStream.range(0, all.length)
        .filter(i -> Arrays.binarySearch(wanted, all[(int) i]) >= 0)
        .toArray();
  }

  /**
   * Copies some samples, in the given order, with their labels as they are.
   *
   * @param arena owner of the copy
   * @param subsetName name of the copy
   * @param ids rows of this set, at least one
   * @throws InputException if an id is outside 0..N-1 or there is none
   */
  public FeatureSet subset(Arena arena, String subsetName, long... ids) {
    if (ids.length == 0) {
      throw new InputException(
          subsetName + ": no sample of " + name + " was chosen; choose at least one");
    }
    Tensor chosen = arena.allocate(features.dtype(), ids.length, width());
    Tensor chosenLabels = arena.allocate(DType.I64, ids.length);
    long[] all = labels.toLongs();
    long[] kept = new long[ids.length];
    int rowBytes = Math.toIntExact(width() * features.dtype().bytes());
    ByteBuffer row = ByteBuffer.allocate(rowBytes);
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= samples()) {
        throw new InputException(
            subsetName
                + ": sample id "
                + ids[i]
                + " is outside 0.."
                + (samples() - 1)
                + " of "
                + name);
      }
      features.read(ids[i] * rowBytes, row.clear());
      chosen.write((long) i * rowBytes, row.flip());
      kept[i] = all[(int) ids[i]];
    }
    chosenLabels.set(kept);
    return new FeatureSet(chosen, chosenLabels, subsetName, classNames, sampleNames.subset(ids));
  }

  /**
   * The same features with classes renumbered 0, 1, 2, ... in the order of {@code classes}.
   *
   * @param arena owner of the new labels
   * @param classes every label that occurs, each once
   * @throws InputException if a label that occurs is missing from {@code classes}, or one is named
   *     twice
   */
  public FeatureSet renumbered(Arena arena, long... classes) {
    SortedMap<Long, Long> position = new TreeMap<>();
    for (int i = 0; i < classes.length; i++) {
      if (position.put(classes[i], (long) i) != null) {
        throw new InputException(name + ": class " + classes[i] + " is named twice; name it once");
      }
    }
    long[] renumbered = labels.toLongs();
    for (int i = 0; i < renumbered.length; i++) {
      Long to = position.get(renumbered[i]);
      if (to == null) {
        throw new InputException(
            name + ": class " + renumbered[i] + " occurs and is not named; name every class");
      }
      renumbered[i] = to;
    }
    Tensor ids = arena.of(renumbered, renumbered.length);
    return new FeatureSet(features, ids, name, classNames.subset(classes), sampleNames);
  }

  /**
   * SHA-256 over type, shape and bytes of features and labels, in hexadecimal: equal for equal
   * contents, whatever file they came from.
   */
  public String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      update(digest, features);
      update(digest, labels);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException | IOException e) {
      throw new IllegalStateException("every Java platform has SHA-256, and nothing is written", e);
    }
  }

  private static void update(MessageDigest digest, Tensor tensor) throws IOException {
    digest.update(
        (tensor.dtype() + " " + tensor.shape() + "\n").getBytes(StandardCharsets.US_ASCII));
    AtomicFile.writeTensor(new DigestOutputStream(OutputStream.nullOutputStream(), digest), tensor);
  }
}
