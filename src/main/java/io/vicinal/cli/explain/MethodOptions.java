package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.cli.common.ElementType;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.ExplainerOptions;
import io.vicinal.influence.attribution.EifOptions;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.solve.Damping;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** How scores are computed. */
final class MethodOptions {
  private static final Pattern BYTES = Pattern.compile("(\\d{1,12})([kKmMgG]?)");

  @Option(
      names = "--method",
      paramLabel = "M[,M...]",
      defaultValue = "if",
      description = {
        "if (full Hessian, re-converged; default), if-gn, newton-loo, ekfac, fisher, if-seed (lissa),",
        "eif, gradient, tracin (run folders), self (one row: each sample's own loss)."
      })
  String methods;

  @Option(
      names = "--theta",
      paramLabel = "PARTS",
      defaultValue = "W",
      description = "The parameters that may answer: W, W,b or W,b,P; default: W.")
  String theta;

  @Option(
      names = "--damping",
      paramLabel = "auto|x|Nx",
      defaultValue = "auto",
      description = {
        "How firmly they are held: a number, or multiples such as 10x of the mean eigenvalue of the",
        "Gauss-Newton matrix (of losses that are no sum over samples: of the quadratic mean of the",
        "Hessian's). auto (default): 1x, raised threefold, to "
            + (int) Damping.CAP
            + "x at most, until no negative",
        "curvature is met and re-convergence ends at a minimum."
      })
  String damping;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      defaultValue = "1e-3",
      description = "Of the true residual of each solve, relative; default: 1e-3.")
  double tolerance;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Compute in float32 or float64; default: the head's type.")
  ElementType type;

  @Option(
      names = "--plain",
      description = {
        "Plain conjugate gradients: no EK-FAC, no rotated copy of the features, and a report whose",
        "explanations nobody checked."
      })
  boolean plain;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = "What may be held, such as 4G; default: four fifths of the machine's memory.")
  String memory;

  @Option(
      names = "--eif-directions",
      paramLabel = "M",
      defaultValue = "1",
      description = "eif: 1 ascent, 2 and descent, more: orthogonal ones; default: 1.")
  int eifDirections;

  @Option(
      names = "--eif-form",
      paramLabel = "FORM",
      defaultValue = "product",
      description = "eif: product, ratio or normalized; default: product.")
  String eifForm;

  /** The methods by name, each once. */
  List<String> names() {
    return named(() -> ExplainerOptions.defaults().withMethods(methods.split(",", -1))).methods();
  }

  /**
   * Refuses values that cannot be meant, and methods that the inputs cannot have, before anything
   * is read.
   */
  void check(ModelOptions inputs) {
    if (names().contains("tracin") && inputs.run == null) {
      throw new InputException(
          "--method: tracin follows a training; name its run folder with --run");
    }
    parsed("--tolerance", () -> ExplanationOptions.defaults().solve().withTolerance(tolerance));
    if (!damping.strip().toLowerCase(Locale.ROOT).matches("auto|[0-9.]+(e[+-]?[0-9]+)?x?")) {
      throw new InputException(
          "--damping: '" + damping + "' is not auto, a number above 0 or multiples such as 10x");
    }
    options(inputs);
  }

  /** The library's options. */
  ExplainerOptions options(ModelOptions inputs) {
    return new ExplainerOptions(
        names(),
        theta(),
        damping,
        tolerance,
        type == null ? null : type.dtype(),
        plain,
        bytes(),
        eif(),
        inputs.run);
  }

  /** Explains the inputs as these options say. */
  Explainer explainer(ModelOptions inputs, ModelInputs model) {
    Explainer explainer = Explainer.of(model.backend(), model.subject());
    return named(() -> explainer.with(options(inputs)));
  }

  private ParameterSubset theta() {
    return parsed("--theta", () -> ParameterSubset.parse(theta));
  }

  private long bytes() {
    if (memory == null) {
      return 0;
    }
    Matcher matcher = BYTES.matcher(memory);
    long size = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
    if (size == 0) {
      throw new InputException("--memory: '" + memory + "' is no size; give one such as 4G");
    }
    int shift = 10 * " kmg".indexOf((matcher.group(2) + " ").toLowerCase(Locale.ROOT).charAt(0));
    return Math.multiplyExact(size, 1L << shift);
  }

  private EifOptions eif() {
    EifOptions.Form form;
    try {
      form = EifOptions.Form.valueOf(eifForm.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new InputException(
          "--eif-form: '" + eifForm + "' is unknown; choose product, ratio or normalized", e);
    }
    return parsed(
        "--eif-directions", () -> EifOptions.defaults().withDirections(eifDirections).with(form));
  }

  /** What the library calls by a name is an option of that name. */
  static <T> T named(Supplier<T> library) {
    try {
      return library.get();
    } catch (InputException e) {
      boolean own = e.getMessage().matches("(?s)(measure|method|rule): .*");
      throw own ? new InputException("--" + e.getMessage(), e) : e;
    }
  }

  /** The same where the option has another name. */
  static <T> T parsed(String option, Supplier<T> library) {
    try {
      return library.get();
    } catch (InputException e) {
      throw new InputException(option + ": " + e.getMessage().replaceFirst("^[a-z]+: ", ""), e);
    }
  }

  /** Adds everything that numbers depend on; methods have pieces of their own. */
  void addTo(Key key) {
    key.add("theta", theta())
        .add("damping", damping)
        .add("tolerance", tolerance)
        .add("dtype", type)
        .add("plain", plain)
        .add("memory", memory)
        .add("eif", eif());
  }
}
