package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.influence.attribution.EifOptions;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.SolveOptions;
import io.vicinal.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * How an {@link Explainer} computes. A value.
 *
 * @param methods one or more by name, each once, see {@link Estimators#names}
 * @param theta the parameters that may answer
 * @param damping "auto", a number, or multiples such as "10x" of the mean curvature, see {@link
 *     Damping}
 * @param tolerance of the true residual of each solve, relative
 * @param dtype of the arithmetic; null for the head's
 * @param plain conjugate gradients without EK-FAC and a copy of the features
 * @param memoryBytes what it may hold; 0 for four fifths of the machine's memory
 * @param eif walks and form of the method eif
 * @param run the run folder whose training the method tracin follows, or null
 */
public record ExplainerOptions(
    List<String> methods,
    ParameterSubset theta,
    String damping,
    double tolerance,
    DType dtype,
    boolean plain,
    long memoryBytes,
    EifOptions eif,
    Path run) {
  /**
   * @throws InputException if there is no method, one is unknown or a value is outside its range
   */
  public ExplainerOptions {
    methods =
        methods.stream()
            .map(String::strip)
            .map(name -> name.equals(Estimators.LISSA) ? "if-seed" : name)
            .distinct()
            .toList();
    if (methods.isEmpty()) {
      throw new InputException("method: there is none; name one or more, such as if");
    }
    for (String name : methods) {
      if (!Estimators.names().contains(name)) {
        throw new InputException(
            "method: '" + name + "' is unknown; choose " + String.join(", ", Estimators.names()));
      }
    }
    Objects.requireNonNull(theta, "theta");
    Damping.check(damping);
    ExplanationOptions.defaults().solve().withTolerance(tolerance); // refuses what is outside
    ProblemOptions.defaults().withMemory(memoryBytes);
    Objects.requireNonNull(eif, "eif");
  }

  /** The method {@code if} over the weight, automatic damping, in the head's type. */
  public static ExplainerOptions defaults() {
    return new ExplainerOptions(
        List.of("if"),
        ParameterSubset.W,
        "auto",
        ExplanationOptions.defaults().solve().tolerance(),
        null,
        false,
        0,
        EifOptions.defaults(),
        null);
  }

  /** The same with other methods. */
  public ExplainerOptions withMethods(String... names) {
    return new ExplainerOptions(
        Arrays.asList(names), theta, damping, tolerance, dtype, plain, memoryBytes, eif, run);
  }

  /** The same with another damping. */
  public ExplainerOptions withDamping(String text) {
    return new ExplainerOptions(
        methods, theta, text, tolerance, dtype, plain, memoryBytes, eif, run);
  }

  /** The same with another tolerance; the re-converged point is at least as good. */
  public ExplainerOptions withTolerance(double relative) {
    return new ExplainerOptions(
        methods, theta, damping, relative, dtype, plain, memoryBytes, eif, run);
  }

  /** The same in another type. */
  public ExplainerOptions with(DType type) {
    return new ExplainerOptions(
        methods, theta, damping, tolerance, type, plain, memoryBytes, eif, run);
  }

  /** How the problem is set up for a head of a type. */
  ProblemOptions problem(DType head) {
    ProblemOptions options =
        ProblemOptions.defaults()
            .with(theta)
            .with(dtype == null ? head : dtype)
            .withMemory(memoryBytes);
    return plain ? options.unrotated() : options;
  }

  /** How systems are solved. */
  ExplanationOptions solve() {
    SolveOptions solve = ExplanationOptions.defaults().solve().withTolerance(tolerance);
    return ExplanationOptions.defaults().with(plain ? solve.plain() : solve);
  }
}
