package io.vicinal.report;

import io.vicinal.explain.Attribution;
import io.vicinal.explain.Attributions;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.verify.Miniature;
import java.util.ArrayList;
import java.util.List;

/**
 * Confusions, what each training sample has to do with them, and what those numbers rest on.
 *
 * @param items at least one
 * @param miniature the removals that were re-solved, a line per item in their order; null if none
 *     was, so that nothing is known of the scores but that they were predicted
 * @param damping in use
 * @param spectrum of the curvature, or null if it is not known
 * @param products Hessian-vector products of the scores
 * @param moved how far re-convergence moved the head, over the norm of its delivered weights; NaN
 *     if it was not re-converged
 */
public record Blame(
    List<Item> items,
    Miniature miniature,
    Damping damping,
    Spectrum spectrum,
    long products,
    double moved) {
  /**
   * One confusion.
   *
   * @param name on the page
   * @param subject in a sentence: what moves away from its wrong neighbour; or what is raised
   * @param raised whether the measurement is another than a distance to the wrong neighbours
   * @param unit of the measurement
   * @param pairs of test rows that are shown, at least one
   * @param distances of those pairs, at the delivered head
   * @param delivered the measurement at the delivered head
   * @param start the measurement where the effects start: at the re-converged head, if the method
   *     re-converges
   * @param scores predicted change of the measurement by removal, of each training row
   * @param residual of the solve, relative; NaN if nothing was solved
   */
  public record Item(
      String name,
      String subject,
      boolean raised,
      String unit,
      List<Pair> pairs,
      double[] distances,
      double delivered,
      double start,
      double[] scores,
      double residual) {}

  /**
   * The first explanations of a method.
   *
   * @param distances of each query's pairs at the delivered head
   * @param miniature or null, with a line per query that is shown
   * @param spectrum or null
   */
  public static Blame of(
      Attributions found,
      Attribution one,
      List<double[]> distances,
      Miniature miniature,
      Spectrum spectrum) {
    List<Item> items = new ArrayList<>();
    for (int q = 0; q < distances.size(); q++) {
      Query query = found.queries().get(q);
      Diagnostics diagnostics = one.diagnostics().get(q);
      items.add(
          new Item(
              query.name(),
              query.subject(),
              query.isRaised(),
              query.measurement().unit(),
              query.pairs(),
              distances.get(q),
              found.delivered()[q],
              diagnostics.value(),
              one.row(q),
              diagnostics.residual()));
    }
    double moved = one.diagnostics().get(0).moved();
    return new Blame(items, miniature, found.damping(), spectrum, one.products(), moved);
  }
}
