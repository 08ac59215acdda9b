package io.vicinal.curate.doctor;

import io.vicinal.backend.Backend;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.image.ImageMeasures;
import io.vicinal.data.image.ImageMeasures.Checksum;
import io.vicinal.data.image.PictureHash;
import io.vicinal.retrieval.CloseHashes;
import io.vicinal.retrieval.ClosePairs;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Pictures that are there twice. Of equal ones one is the one that stays: of a split that is tested
 * before one that is trained on, of the label that most have, the first. Of near pairs the
 * finding's sample is the one whose label fewer of its near samples share, else that of the
 * training split, else the later; and it is told once, with the nearest. For one thread.
 */
final class DuplicateSearch {
  private final Dataset data;
  private final ImageMeasures[] measures;
  private final int[] stays; // by sample: the equal one that stays, often itself
  private final List<Finding> findings = new ArrayList<>();
  private long near;
  private long keptNear;

  DuplicateSearch(Dataset data, ImageMeasures[] measures) {
    this.data = data;
    this.measures = measures;
    this.stays = IntStream.range(0, data.size()).toArray();
  }

  List<Finding> findings() {
    return findings;
  }

  /** Whether a sample is the one that stays of those that are equal to it. */
  boolean stays(int id) {
    return stays[id] == id;
  }

  /** Near pairs that there are, of equal ones only that which stays. */
  long near() {
    return near;
  }

  /** Near pairs that were looked at one by one. */
  long keptNear() {
    return keptNear;
  }

  /** Finds equal ones. */
  void equal() {
    List<Integer> ids =
        new ArrayList<>(
            IntStream.range(0, data.size()).filter(id -> measures[id] != null).boxed().toList());
    Comparator<Integer> order =
        Comparator.comparing(this::contents).thenComparing(this::part, Arrays::compare);
    ids.sort(order.thenComparing(id -> id));
    for (int from = 0; from < ids.size(); ) {
      int to = from + 1;
      while (to < ids.size() && order.compare(ids.get(from), ids.get(to)) == 0) {
        to++;
      }
      if (to - from > 1) {
        group(ids.subList(from, to));
      }
      from = to;
    }
  }

  private Checksum contents(int id) {
    return measures[id].pixels() != null ? measures[id].pixels() : measures[id].file();
  }

  /** Samples that are parts of one picture are not the same. */
  private float[] part(int id) {
    Dataset.Box box = data.box(id);
    return box == null
        ? new float[0]
        : new float[] {box.left(), box.top(), box.right(), box.bottom()};
  }

  private void group(List<Integer> ids) {
    Map<Integer, Integer> votes = new HashMap<>();
    ids.forEach(id -> votes.merge(data.label(id), 1, Integer::sum));
    int kept =
        ids.stream()
            .min(
                Comparator.comparingInt((Integer id) -> -votes.get(data.label(id)))
                    .thenComparingInt(id -> -rank(id))
                    .thenComparingInt(id -> id))
            .orElseThrow();
    for (int id : ids) {
      stays[id] = kept;
      if (id != kept) {
        String how =
            measures[id].file().equals(measures[kept].file())
                ? "byte for byte"
                : "pixel for pixel, in another file";
        String copies = ids.size() > 2 ? ", " + ids.size() + " of them" : "";
        add(id, kept, true, how + copies, ids.size(), -ids.size());
      }
    }
  }

  private int rank(int id) {
    return data.splits().indexOf(data.split(id));
  }

  private void add(int id, int other, boolean equal, String how, double value, double order) {
    boolean sameLabel = data.label(id) == data.label(other);
    boolean sameSplit = data.split(id).equals(data.split(other));
    String across = sameSplit ? "" : ", across " + data.split(id) + " and " + data.split(other);
    findings.add(
        new Finding(
            kind(sameLabel, sameSplit, equal),
            id,
            other,
            null,
            how + (sameLabel ? "" : across),
            value,
            order,
            equal && sameLabel));
  }

  private static FindingKind kind(boolean sameLabel, boolean sameSplit, boolean equal) {
    if (!sameLabel) {
      return equal ? FindingKind.SAME_OTHER_LABEL : FindingKind.NEAR_OTHER_LABEL;
    }
    if (!sameSplit) {
      return equal ? FindingKind.SAME_OTHER_SPLIT : FindingKind.NEAR_OTHER_SPLIT;
    }
    return equal ? FindingKind.SAME : FindingKind.NEAR;
  }

  /**
   * Finds near ones by what they look like; {@link #equal} comes before.
   *
   * @param bits of their hashes that may differ
   * @param alike least {@link ImageMeasures#alike} of the pairs that differ so little
   */
  void nearByHash(int bits, double alike, int most) {
    int[] ids =
        IntStream.range(0, data.size())
            .filter(id -> measures[id] != null && stays(id))
            .filter(id -> measures[id].hash() != PictureHash.FLAT)
            .toArray();
    long[] hashes = IntStream.of(ids).mapToLong(id -> measures[id].hash()).toArray();
    CloseHashes pairs = CloseHashes.within(hashes, bits, most);
    near = pairs.total();
    keptNear = pairs.kept();
    List<NearPair> all = new ArrayList<>();
    for (int p = 0; p < pairs.kept(); p++) {
      int a = ids[pairs.first()[p]];
      int b = ids[pairs.second()[p]];
      double value = measures[a].alike(measures[b]);
      if (value >= alike) {
        all.add(new NearPair(a, b, value));
      }
    }
    take(all, "alike by %.4f");
  }

  /**
   * Finds near ones by features; {@link #equal} comes before.
   *
   * @param rows [N, d], finite
   * @param ids the sample of each row, of equal ones only that which stays: many equal pictures
   *     would be more pairs than are kept
   */
  void nearByFeatures(Tensor rows, int[] ids, double cosine, int most, Backend backend) {
    ClosePairs pairs = ClosePairs.ofCosine(rows, null, cosine, most, backend);
    near = pairs.total();
    keptNear = pairs.kept();
    List<NearPair> all = new ArrayList<>();
    for (int p = 0; p < pairs.kept(); p++) {
      all.add(new NearPair(ids[pairs.first()[p]], ids[pairs.second()[p]], pairs.cosine(p)));
    }
    take(all, "features of cosine %.4f");
  }

  /** Two samples, and how near they are. */
  private record NearPair(int a, int b, double value) {}

  private void take(List<NearPair> pairs, String words) {
    pairs.removeIf(pair -> stays[pair.a()] == stays[pair.b()] || samePicture(pair.a(), pair.b()));
    pairs.sort(Comparator.comparingDouble(pair -> -pair.value()));
    int[] agree = new int[data.size()];
    for (NearPair pair : pairs) {
      if (data.label(pair.a()) == data.label(pair.b())) {
        agree[pair.a()]++;
        agree[pair.b()]++;
      }
    }
    Map<FindingKind, BitSet> told = new EnumMap<>(FindingKind.class);
    for (NearPair pair : pairs) {
      int a = pair.a();
      int b = pair.b();
      boolean sameLabel = data.label(a) == data.label(b);
      boolean first =
          !sameLabel && agree[a] != agree[b]
              ? agree[a] < agree[b]
              : rank(a) != rank(b) ? rank(a) < rank(b) : a > b;
      int id = first ? a : b;
      FindingKind kind = kind(sameLabel, data.split(a).equals(data.split(b)), false);
      BitSet before = told.computeIfAbsent(kind, none -> new BitSet());
      if (!before.get(id)) {
        before.set(id);
        String how = String.format(Locale.ROOT, words, pair.value());
        add(id, first ? b : a, false, how, pair.value(), -pair.value());
      }
    }
  }

  /** Whether two samples are parts of one file. */
  private boolean samePicture(int a, int b) {
    return data.file(a) != null && data.file(a).equals(data.file(b));
  }
}
