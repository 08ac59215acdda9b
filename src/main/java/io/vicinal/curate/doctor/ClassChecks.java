package io.vicinal.curate.doctor;

import io.vicinal.data.InputFile;
import io.vicinal.data.dataset.Dataset;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** What is wrong with classes by their names and sizes; no picture is looked at. Stateless. */
final class ClassChecks {
  /** A name with fewer letters has too many neighbours that are words of their own. */
  private static final int LETTERS_OF_ONE_EDIT = 4;

  private static final int LETTERS_OF_TWO_EDITS = 8;
  private static final int LONGEST_OF_TWO_EDITS = 32;
  private static final int LONGEST = 64;

  /** A slip is rare: words that are both frequent (mouse, house) are words. */
  private static final int TIMES_AS_FREQUENT = 10;

  private ClassChecks() {}

  static List<Finding> of(Dataset data, DoctorOptions options) {
    List<Finding> findings = new ArrayList<>();
    for (String split : data.splits()) {
      sizes(data, split, options, findings);
    }
    spelling(data, findings);
    typos(data, findings);
    splits(data, findings);
    return findings;
  }

  private static String name(Dataset data, int label) {
    return InputFile.printable(data.classes().get(label));
  }

  private static String counted(int count) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? "sample" : "samples");
  }

  private static boolean isTrained(String split) {
    return split.equals(Dataset.TRAIN) || split.equals(Dataset.ALL);
  }

  private static void sizes(
      Dataset data, String split, DoctorOptions options, List<Finding> findings) {
    int[] counts = data.classCounts(data.ids(split));
    String where = split.equals(Dataset.ALL) ? "" : " in " + split;
    for (int label = 0; label < counts.length; label++) {
      String what = counted(counts[label]) + where;
      if (counts[label] == 1) {
        findings.add(about(FindingKind.ONE_SAMPLE, data, label, what + ": no pair", counts[label]));
      }
      if (counts[label] > 0 && counts[label] < options.perClass() && isTrained(split)) {
        String few = what + ", where a batch takes " + options.perClass();
        findings.add(about(FindingKind.FEW_SAMPLES, data, label, few, counts[label]));
      }
    }
    int[] used = IntStream.range(0, counts.length).filter(c -> counts[c] > 0).toArray();
    int largest = IntStream.of(used).reduce(used[0], (a, b) -> counts[b] > counts[a] ? b : a);
    int smallest = IntStream.of(used).reduce(used[0], (a, b) -> counts[b] < counts[a] ? b : a);
    double ratio = (double) counts[largest] / counts[smallest];
    if (isTrained(split) && ratio >= options.imbalance()) {
      String text =
          String.format(
              Locale.ROOT,
              "the largest has %.0f times as many samples as the smallest%s: %s %,d, %s %,d",
              ratio,
              where,
              name(data, largest),
              counts[largest],
              name(data, smallest),
              counts[smallest]);
      findings.add(Finding.of(FindingKind.IMBALANCE, "all classes", text, ratio, -ratio));
    }
  }

  private static Finding about(FindingKind kind, Dataset data, int label, String text, int count) {
    return Finding.of(kind, data.classes().get(label), text, count, count);
  }

  /** Case, spaces and Unicode forms do not make another word; but c and C are two letters. */
  static String folded(String name) {
    String plain =
        Normalizer.normalize(name, Normalizer.Form.NFKC)
            .replaceAll("[\\s_\\-\\p{Cf}]+", " ")
            .strip();
    return plain.codePointCount(0, plain.length()) < 2 ? plain : plain.toLowerCase(Locale.ROOT);
  }

  private static void spelling(Dataset data, List<Finding> findings) {
    int[] counts = counts(data);
    Map<String, List<Integer>> alike = new LinkedHashMap<>();
    for (int label = 0; label < counts.length; label++) {
      if (counts[label] > 0) {
        alike
            .computeIfAbsent(folded(data.classes().get(label)), none -> new ArrayList<>())
            .add(label);
      }
    }
    for (List<Integer> labels : alike.values()) {
      int most = labels.stream().reduce((a, b) -> counts[b] > counts[a] ? b : a).orElseThrow();
      for (int label : labels) {
        if (label != most) {
          String text =
              counted(counts[label])
                  + "; is spelt '"
                  + name(data, most)
                  + "' by "
                  + counted(counts[most]);
          findings.add(about(FindingKind.LABEL_SPELLING, data, label, text, counts[label]));
        }
      }
    }
  }

  private static int[] counts(Dataset data) {
    return data.classCounts(IntStream.range(0, data.size()).toArray());
  }

  /** A name as letters to compare; numbers must be equal, for they tell classes apart. */
  private record Letters(int label, String letters, String digits) {
    static Letters of(int label, String name) {
      String folded = folded(name);
      return new Letters(
          label, folded.replaceAll("\\p{Nd}", ""), folded.replaceAll("\\P{Nd}+", " "));
    }

    int edits() {
      long count = letters.codePoints().filter(Character::isLetter).count();
      return count < LETTERS_OF_ONE_EDIT || letters.length() > LONGEST
          ? 0
          : count < LETTERS_OF_TWO_EDITS || letters.length() > LONGEST_OF_TWO_EDITS ? 1 : 2;
    }
  }

  /**
   * Which names could be near a given one, found by what is left of both when letters are left out.
   * Of each variant 8 bytes are kept, at most 5 kB of a name: a hash and whose it is. Two texts of
   * one hash cost a comparison.
   */
  private static final class Variants {
    private static final int PLACE_BITS = 22;

    private final List<Letters> names;
    private long[] keys = new long[1024]; // hash << PLACE_BITS | place among the names
    private int count;

    Variants(List<Letters> names) {
      this.names = names.subList(0, Math.min(names.size(), 1 << PLACE_BITS));
      for (int place = 0; place < this.names.size(); place++) {
        Letters name = this.names.get(place);
        for (String left : without(name.letters(), name.edits())) {
          if (count == keys.length) {
            keys = Arrays.copyOf(keys, Math.multiplyExact(2, count));
          }
          keys[count++] = key(left) | place;
        }
      }
      Arrays.sort(keys, 0, count);
    }

    private static long key(String text) {
      long hash = 0;
      for (int i = 0; i < text.length(); i++) {
        hash = (hash ^ text.charAt(i)) * 0x9E3779B97F4A7C15L;
        hash ^= hash >>> 32;
      }
      return hash << PLACE_BITS;
    }

    Set<Letters> near(Letters name) {
      Set<Letters> found = new HashSet<>();
      for (String left : without(name.letters(), name.edits())) {
        long key = key(left);
        int at = Arrays.binarySearch(keys, 0, count, key);
        for (at = at < 0 ? -at - 1 : at;
            at < count && keys[at] >>> PLACE_BITS == key >>> PLACE_BITS;
            at++) {
          found.add(names.get((int) (keys[at] & (1 << PLACE_BITS) - 1)));
        }
      }
      return found;
    }
  }

  /**
   * Names that share what is left after leaving out as many letters as may differ are compared, so
   * that 20,000 classes need no 20,000 x 20,000 comparisons.
   */
  private static void typos(Dataset data, List<Finding> findings) {
    int[] counts = counts(data);
    int[] sorted = IntStream.of(counts).filter(c -> c > 0).sorted().toArray();
    if (sorted.length == 0 || sorted[sorted.length - 1] < TIMES_AS_FREQUENT * sorted[0]) {
      return;
    }
    int largest = sorted[sorted.length - 1];
    List<Letters> rare = new ArrayList<>();
    List<Letters> all = new ArrayList<>();
    for (int label = 0; label < counts.length; label++) {
      Letters name = Letters.of(label, data.classes().get(label));
      if (counts[label] > 0 && name.edits() > 0) {
        all.add(name);
        if (counts[label] * TIMES_AS_FREQUENT <= largest) {
          rare.add(name);
        }
      }
    }
    Variants variants = new Variants(rare);
    Map<Integer, Letters> best = new TreeMap<>();
    Map<Integer, Integer> distances = new HashMap<>();
    for (Letters name : all) {
      for (Letters typo : variants.near(name)) {
        int edits = Math.min(typo.edits(), name.edits());
        int distance = distance(typo.letters(), name.letters());
        if (distance >= 1
            && distance <= edits
            && typo.digits().equals(name.digits())
            && counts[typo.label()] * TIMES_AS_FREQUENT <= counts[name.label()]
            && distance < distances.getOrDefault(typo.label(), Integer.MAX_VALUE)) {
          distances.put(typo.label(), distance);
          best.put(typo.label(), name);
        }
      }
    }
    best.forEach(
        (label, name) -> {
          String text =
              counted(counts[label])
                  + "; '"
                  + name(data, name.label())
                  + "' has "
                  + counted(counts[name.label()])
                  + ", "
                  + distances.get(label)
                  + (distances.get(label) == 1 ? " letter away" : " letters away");
          findings.add(
              Finding.of(
                  FindingKind.LABEL_TYPO,
                  data.classes().get(label),
                  text,
                  distances.get(label),
                  distances.get(label)));
        });
  }

  private static Set<String> without(String text, int letters) {
    Set<String> all = new HashSet<>(List.of(text));
    Set<String> last = all;
    for (int k = 0; k < letters; k++) {
      Set<String> fewer = new HashSet<>();
      for (String one : last) {
        for (int i = 0; i < one.length(); i++) {
          fewer.add(one.substring(0, i) + one.substring(i + 1));
        }
      }
      all.addAll(fewer);
      last = fewer;
    }
    return all;
  }

  /**
   * Letters inserted, left out, exchanged, or two neighbours swapped (optimal string alignment).
   */
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        d[i][j] =
            Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (same ? 0 : 1));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }

  /** What training and the other splits share: nothing, by design, or classes that are missing. */
  private static void splits(Dataset data, List<Finding> findings) {
    if (!data.splits().contains(Dataset.TRAIN)) {
      return;
    }
    int[] train = data.classCounts(data.ids(Dataset.TRAIN));
    for (String split : data.splits()) {
      if (split.equals(Dataset.TRAIN)) {
        continue;
      }
      int[] other = data.classCounts(data.ids(split));
      long shared =
          IntStream.range(0, other.length).filter(c -> train[c] > 0 && other[c] > 0).count();
      if (shared == 0) {
        findings.add(
            Finding.of(
                FindingKind.SPLITS,
                split,
                "train and " + split + " share no class: results are about classes never seen",
                Arrays.stream(other).filter(c -> c > 0).count(),
                0));
        continue;
      }
      for (int label = 0; label < other.length; label++) {
        if (other[label] > 0 && train[label] == 0) {
          String text = counted(other[label]) + " in " + split + ", none in train";
          findings.add(about(FindingKind.TEST_ONLY, data, label, text, other[label]));
        } else if (train[label] > 0 && other[label] == 0) {
          String text = counted(train[label]) + " in train, none in " + split;
          findings.add(about(FindingKind.TRAIN_ONLY, data, label, text, train[label]));
        }
      }
    }
  }
}
