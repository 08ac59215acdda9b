package io.vicinal.cli.explain;

import io.vicinal.cli.common.Text;
import io.vicinal.explain.Attribution;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.solve.Damping;

/** What is said first where solves failed. Stateless. */
final class Failure {
  private Failure() {}

  /**
   * How many solves of a method failed, how, and what helps; null if none did.
   *
   * @param damping under which
   */
  static String of(Attribution result, Damping damping) {
    long failed = result.failed();
    if (failed == 0) {
      return null;
    }
    double worst = 0;
    String status = null;
    for (int row = 0; row < result.rows(); row++) {
      if (result.failed(row)) {
        worst = Math.max(worst, result.diagnostics().get(row).residual());
        status = result.diagnostics().get(row).status();
      }
    }
    boolean weak = damping.multiple() < 1;
    return Text.say(
        "%s: %d of %d solves failed (%s, true residual up to %s, where %s is no solution any more)."
            + " Their scores are not known: they are neither ranked nor checked. %s",
        result.method(),
        failed,
        result.rows(),
        status,
        Double.isFinite(worst) ? Text.number(worst) : "infinity",
        Text.number(Diagnostics.FAILED),
        weak
            ? "Try --damping 1x or more (now " + Text.number(damping.multiple()) + "x)."
            : "Try a larger damping, or --dtype float64.");
  }
}
