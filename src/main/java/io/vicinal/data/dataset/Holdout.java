package io.vicinal.data.dataset;

import io.vicinal.InputException;
import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Moves a part of what is trained on to the validation split: whole classes, as results on classes
 * never seen need it, or a part of each class. Of n classes, or n samples of a class, floor((1 -
 * fraction) n) stay, at least one.
 *
 * @param fraction the part that moves, above 0 and below 1
 * @param by what moves
 * @param stay which stay
 * @param seed of {@link Stay#RANDOM}
 */
public record Holdout(double fraction, By by, Stay stay, long seed) {
  private static final double ROUNDING = 1e-9; // (1 - 0.9) * 10 is a little below 1

  /** What moves as a whole. */
  public enum By {
    /** Samples: a part of each class. */
    SAMPLE,
    /** Classes. */
    CLASS
  }

  /** Which stay in training. */
  public enum Stay {
    /** Drawn with the seed. */
    RANDOM,
    /** The first ones in the dataset's order. */
    FIRST,
    /** Evenly spaced from the first to the last. */
    EVEN
  }

  /**
   * @throws InputException if the fraction is outside 0..1
   */
  public Holdout {
    if (!(fraction > 0 && fraction < 1)) {
      throw new InputException(
          "validation: a fraction of "
              + fraction
              + " is not between 0 and 1; give one such as 0.2");
    }
  }

  /**
   * The dataset with a validation split.
   *
   * @throws InputException if it has one already, nothing to train on, or too few classes
   */
  public Dataset of(Dataset data) {
    if (data.splits().contains(Dataset.VALIDATION)) {
      throw new InputException(
          data.root() + ": has a validation split already; leave the fraction out");
    }
    String from = data.splits().contains(Dataset.TRAIN) ? Dataset.TRAIN : Dataset.ALL;
    int[] ids = data.ids(from);
    if (ids.length == 0) {
      throw new InputException(data.root() + ": has no train split to take validation data from");
    }
    int[] present = IntStream.of(ids).map(data::label).distinct().sorted().toArray();
    Xoshiro generator = Xoshiro.of(seed, "holdout");
    List<Integer> moved = new ArrayList<>();
    if (by == By.CLASS) {
      if (present.length < 2) {
        throw new InputException(
            data.root() + ": has one class to train on; hold samples out in place of classes");
      }
      int[] gone = moved(present, generator);
      IntStream.of(ids)
          .filter(id -> Arrays.binarySearch(gone, data.label(id)) >= 0)
          .forEach(moved::add);
    } else {
      int[][] members = new int[data.classes().size()][];
      int[] counts = data.classCounts(ids);
      Arrays.setAll(members, c -> new int[counts[c]]);
      int[] filled = new int[members.length];
      for (int id : ids) {
        members[data.label(id)][filled[data.label(id)]++] = id;
      }
      for (int c : present) {
        IntStream.of(moved(members[c], generator)).forEach(moved::add);
      }
    }
    Dataset train = from.equals(Dataset.TRAIN) ? data : data.moved(Dataset.TRAIN, ids);
    return train.moved(
        Dataset.VALIDATION, moved.stream().mapToInt(Integer::intValue).sorted().toArray());
  }

  /** Those that move, ascending. */
  private int[] moved(int[] all, Xoshiro generator) {
    int n = all.length;
    int staying = Math.max(1, (int) Math.floor((1 - fraction) * n + ROUNDING));
    boolean[] stays = new boolean[n];
    switch (stay) {
      case FIRST -> Arrays.fill(stays, 0, staying, true);
      case EVEN -> {
        for (int k = 0; k < staying; k++) {
          // as round(linspace(0, n - 1, staying))
          stays[(int) Math.rint(staying == 1 ? 0 : (double) k * (n - 1) / (staying - 1))] = true;
        }
      }
      default -> {
        for (long k : generator.distinct(n, staying)) {
          stays[(int) k] = true;
        }
      }
    }
    return IntStream.range(0, n).filter(k -> !stays[k]).map(k -> all[k]).toArray();
  }
}
