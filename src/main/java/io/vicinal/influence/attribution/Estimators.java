package io.vicinal.influence.attribution;

import io.vicinal.InputException;
import io.vicinal.backend.LossSpec;
import java.util.List;

/** The estimators by name. Safe for any thread. */
public final class Estimators {
  /** The name of the field for {@code if-seed}. */
  public static final String LISSA = "lissa";

  private Estimators() {}

  /**
   * What estimators can be told; each reads its own part.
   *
   * @param eif walks and form
   * @param lissa the recursion
   * @param newton candidates
   * @param checkpoints for tracin; may be empty
   */
  public record EstimatorOptions(
      EifOptions eif, Lissa lissa, NewtonLoo newton, List<TracIn.TracedHead> checkpoints) {
    /** Every part's defaults, and no checkpoints. */
    public static EstimatorOptions defaults() {
      return new EstimatorOptions(
          EifOptions.defaults(), Lissa.defaults(), NewtonLoo.defaults(), List.of());
    }
  }

  /** Every name, in a fixed order. */
  public static List<String> names() {
    return List.of(
        "if",
        "if-gn",
        "newton-loo",
        "ekfac",
        "fisher",
        "if-seed",
        "eif",
        "gradient",
        "tracin",
        "self");
  }

  /** Those that can do something with a loss, in the same order. */
  public static List<String> names(LossSpec loss) {
    return names().stream().filter(name -> need(name, loss) == null).toList();
  }

  /**
   * What a loss would have to be for an estimator to work.
   *
   * @return such as "a softmax over cosines"; null if nothing is missing
   */
  public static String need(String name, LossSpec loss) {
    return switch (name) {
      case "if-gn", "ekfac", "if-seed", "self" ->
          loss.isCosineSoftmax() ? null : "a softmax over cosines";
      case "newton-loo", "fisher", "eif" -> loss.decomposes() ? null : "a sum over samples";
      default -> null;
    };
  }

  /** An estimator with default options. */
  public static Estimator of(String name) {
    return of(name, EstimatorOptions.defaults());
  }

  /**
   * An estimator.
   *
   * @throws InputException if the name is unknown, listing the names, or tracin has no checkpoints
   */
  public static Estimator of(String name, EstimatorOptions options) {
    return switch (name) {
      case "if" -> Curved.IF;
      case "if-gn" -> Curved.IF_GN;
      case "newton-loo" -> options.newton();
      case "ekfac" -> new Ekfac();
      case "fisher" -> Curved.FISHER;
      case "if-seed", LISSA -> options.lissa();
      case "eif" -> new Eif(options.eif());
      case "gradient" -> new GradDot();
      case "tracin" -> new TracIn(options.checkpoints());
      case "self" -> new SelfInfluence();
      default ->
          throw new InputException(
              "method: '" + name + "' is unknown; choose " + String.join(", ", names()));
    };
  }
}
