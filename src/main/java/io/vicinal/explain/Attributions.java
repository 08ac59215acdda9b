package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import java.util.List;

/**
 * Who is to blame for some queries, by one or several methods. Immutable. The scores live as long
 * as the {@link Explainer}; all else outlives it.
 *
 * @param queries one per row of scores
 * @param delivered value of each query's measurement at the delivered head
 * @param methods in the order in which they were asked
 * @param damping in use: the given one, or what an automatic one was raised to
 */
public record Attributions(
    List<Query> queries, double[] delivered, List<Attribution> methods, Damping damping) {
  public Attributions {
    queries = List.copyOf(queries);
    methods = List.copyOf(methods);
  }

  /** The first method that answers queries, or null if there is none. */
  public Attribution main() {
    return methods.stream().filter(one -> !isSelf(one.method())).findFirst().orElse(null);
  }

  /**
   * The methods that answer queries.
   *
   * @throws InputException if there is none
   */
  List<Attribution> answering() {
    List<Attribution> all = methods.stream().filter(one -> !isSelf(one.method())).toList();
    if (all.isEmpty()) {
      throw selfAlone();
    }
    return all;
  }

  /** Whether a method answers no queries, but has one row, whatever is asked. */
  static boolean isSelf(String method) {
    return method.equals("self");
  }

  static InputException selfAlone() {
    return new InputException(
        "method: self has one row, whatever is asked, and answers no query; name another method"
            + " with it, such as if");
  }

  /** Whether some results were taken at the re-converged head. */
  boolean moved() {
    return methods.stream()
        .flatMap(one -> one.diagnostics().stream())
        .anyMatch(diagnostics -> diagnostics.reference() == ReferencePoint.RECONVERGED);
  }
}
