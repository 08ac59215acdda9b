package io.vicinal.gates;

import io.vicinal.backend.Backend;
import io.vicinal.data.LabelNoise;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The gates that estimators have to pass, each a comparison with retraining, with what must fail
 * beside what must not:
 *
 * <ul>
 *   <li>4: leave-one-out of 40 random samples: Spearman of {@code if} at 1x and at 0.1x the mean
 *       eigenvalue; Pearson and size error of {@code newton-loo}; weights changed by one per cent;
 *   <li>5, 6: linear datamodelling score over 30 random subsets of half and of 95 %;
 *   <li>7: {@code if-seed} and {@code gradient} reproduce retraining badly;
 *   <li>8: AUC of EK-FAC self-influence for finding wrong labels;
 *   <li>9: of the 20 most harmful samples by prediction, how many really are, one by one; their
 *       joint removal against that of 20 random and of the 20 nearest samples;
 *   <li>10: flipped labels restored: how much of what they cost recall at 1 comes back;
 *   <li>12: Spearman of the scores at lambda/3 and 3 lambda.
 * </ul>
 *
 * Thresholds were set for the toy; on real data they are reported as they are.
 */
public final class Gates {
  static final long SEED = 1;

  private Gates() {}

  /** Prints the table: toy, digits, Fashion-MNIST, or those that are named. */
  public static void main(String[] scenes) {
    List<String> names = scenes.length == 0 ? names() : List.of(scenes);
    try (Backend backend = Backend.cpu()) {
      for (String name : names) {
        long start = System.nanoTime();
        run(backend, name, SEED, System.out::println);
        System.out.printf(Locale.ROOT, "%-14s     %.1f s%n", name, (System.nanoTime() - start) / 1e9);
      }
    }
  }

  /** The data sets. */
  public static List<String> names() {
    return List.of("toy", "digits", "fashion");
  }

  /**
   * All gates on one data set.
   *
   * @param hear is given every line when it is known
   */
  public static List<GateResult> run(
      Backend backend, String name, long seed, Consumer<GateResult> hear) {
    List<GateResult> results = new ArrayList<>();
    Consumer<GateResult> each =
        result -> {
          results.add(result);
          hear.accept(result);
        };
    try (Arena arena = Arena.host()) {
      Scene scene = scene(name, seed, arena);
      Head head = train(backend, scene, arena);
      try (Laboratory weak = new Laboratory(backend, scene, head, 0.1, arena)) {
        LeaveOneOut.check(weak, name + " 0.1x", 0.85, each);
        Repair.check(backend, weak, name + " 0.1x", true, each);
      }
      try (Laboratory unit = new Laboratory(backend, scene, head, 1, arena)) {
        LeaveOneOut.check(unit, name + " 1x", 0.95, each);
        Reweighting.check(unit, name + " 1x", each);
        Datamodeling.check(unit, name + " 1x", each);
        Removal.check(unit, name + " 1x", each);
        Repair.check(backend, unit, name + " 1x", false, each);
        DampingStability.check(unit, name + " 1x", each);
      }
      Mislabels.check(backend, scene, head, 0.95, each);
      for (Scene other :
          List.of(
              scene.with("sym 20%", LabelNoise.Kind.SYMMETRIC, 0.2, seed, arena),
              scene.with("flip 10%", LabelNoise.Kind.PAIR_FLIP, 0.1, seed, arena))) {
        Mislabels.check(backend, other, train(backend, other, arena), Double.NaN, each);
      }
    }
    return results;
  }

  private static Head train(Backend backend, Scene scene, Arena arena) {
    return JointTraining.train(
        backend, Laboratory.LOSS, scene.training(), scene.embedding(), SEED, arena);
  }

  private static Scene scene(String name, long seed, Arena arena) {
    return switch (name) {
      case "toy" -> Scenes.toy(seed, arena);
      case "digits" -> Scenes.digits(seed, arena);
      case "fashion" -> Scenes.fashion(seed, arena);
      default -> throw new IllegalArgumentException("no data set is called " + name);
    };
  }
}
