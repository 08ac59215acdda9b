package io.vicinal.curate.study;

import io.vicinal.InputException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Are the worst classes a property of the data, or of the seed and the loss? Compares the lists of
 * worst classes of several trained models: the mean number of classes that two lists share.
 * Immutable.
 *
 * @param lists one per model
 */
public record WorstClassOverlap(List<Worst> lists) {
  /**
   * The worst classes of one model.
   *
   * @param loss the loss it was trained with
   * @param seed of its training
   * @param classes worst first
   */
  public record Worst(String loss, long seed, List<Long> classes) {}

  /**
   * The heat map: which class is how bad in which list.
   *
   * @param classes every class in any list, those in most lists first, then by label
   * @param ranks for each class and list the class's rank, 1 for the worst; 0 if it is not in it
   */
  public record HeatMap(List<Long> classes, int[][] ranks) {}

  /**
   * @throws InputException if there is no list, or a list names a class twice
   */
  public WorstClassOverlap {
    lists = List.copyOf(lists);
    if (lists.isEmpty()) {
      throw new InputException("lists: there is none; give the worst classes of at least a model");
    }
    for (Worst list : lists) {
      if (new HashSet<>(list.classes()).size() != list.classes().size()) {
        throw new InputException(
            "lists: " + list.loss() + ", seed " + list.seed() + " names a class twice; remove one");
      }
    }
  }

  /** How many classes two lists share. */
  public static int shared(Worst a, Worst b) {
    Set<Long> both = new HashSet<>(a.classes());
    both.retainAll(b.classes());
    return both.size();
  }

  /** The losses, in the order of the lists. */
  public List<String> losses() {
    Set<String> names = new LinkedHashSet<>();
    lists.forEach(l -> names.add(l.loss()));
    return List.copyOf(names);
  }

  /**
   * Mean over the pairs of lists, the first of loss a and the second of loss b; for a = b over the
   * pairs of different lists. NaN if there is no pair.
   */
  public double mean(String a, String b) {
    long sum = 0;
    long pairs = 0;
    for (int i = 0; i < lists.size(); i++) {
      for (int j = 0; j < lists.size(); j++) {
        if (i != j && lists.get(i).loss().equals(a) && lists.get(j).loss().equals(b)) {
          sum += shared(lists.get(i), lists.get(j));
          pairs++;
        }
      }
    }
    return pairs == 0 ? Double.NaN : (double) sum / pairs;
  }

  /** The classes that are in every list, ascending. */
  public List<Long> inAll() {
    Set<Long> all = new TreeSet<>(lists.get(0).classes());
    lists.forEach(l -> all.retainAll(l.classes()));
    return List.copyOf(all);
  }

  /** The data of the heat map. */
  public HeatMap heatMap() {
    SortedMap<Long, Integer> lengths = new TreeMap<>();
    lists.forEach(l -> l.classes().forEach(c -> lengths.merge(c, 1, Integer::sum)));
    List<Long> classes = new ArrayList<>(lengths.keySet());
    classes.sort((a, b) -> Integer.compare(lengths.get(b), lengths.get(a)));
    int[][] ranks = new int[classes.size()][lists.size()];
    for (int c = 0; c < ranks.length; c++) {
      for (int l = 0; l < lists.size(); l++) {
        ranks[c][l] = lists.get(l).classes().indexOf(classes.get(c)) + 1;
      }
    }
    return new HeatMap(List.copyOf(classes), ranks);
  }
}
