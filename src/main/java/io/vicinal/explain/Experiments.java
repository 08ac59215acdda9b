package io.vicinal.explain;

import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Probe;
import io.vicinal.influence.verify.Retraining;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Re-solves the head after edits, each once; what is done is kept, and a later call takes it from
 * there.
 */
final class Experiments implements AutoCloseable {
  private final Setup setup;
  private final Scoring scoring;
  private final List<Probe> probes;
  private final Map<List<Edit.Change>, Outcome> done = new HashMap<>();
  private Retraining retraining;
  private long count;

  Experiments(Scoring scoring, List<Probe> probes) {
    this.setup = scoring.setup();
    this.scoring = scoring;
    this.probes = probes;
  }

  /** What an edit does to the probes. */
  Outcome run(Edit edit) {
    return run(edit, () -> false);
  }

  /** The same, given up once it is enough: null then, and nothing is kept. */
  Outcome run(Edit edit, BooleanSupplier enough) {
    Outcome known = done.get(edit.changes());
    if (known == null) {
      Solved piece = setup.pieces().piece(name(edit), Solved.class, () -> solve(edit, enough));
      if (piece == null) {
        return null;
      }
      known = piece.of(edit);
      done.put(edit.changes(), known);
      setup.progress().at("re-solving", ++count, 0, 0, Double.NaN);
    }
    return Solved.of(known).of(edit);
  }

  /** By what is done and measured. */
  private String name(Edit edit) {
    String all = probes.stream().map(Probe::name).toList() + " " + edit.changes();
    return "edit-" + UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8));
  }

  List<Outcome> run(List<Edit> edits) {
    List<Outcome> outcomes = new ArrayList<>();
    edits.forEach(edit -> outcomes.add(run(edit)));
    return outcomes;
  }

  /** Products spent on everything so far, by earlier calls too. */
  long products() {
    return done.values().stream().mapToLong(Outcome::products).sum();
  }

  double seconds() {
    return done.values().stream().mapToDouble(Outcome::seconds).sum();
  }

  int size() {
    return done.size();
  }

  private Solved solve(Edit edit, BooleanSupplier enough) {
    if (retraining == null) {
      retraining = Retraining.of(scoring.explanation(), probes, Retraining.options().until(enough));
      if (!retraining.base().converged() && enough.getAsBoolean()) {
        close();
        return null;
      }
    }
    Outcome outcome = retraining.run(edit, enough);
    return outcome == null ? null : Solved.of(outcome);
  }

  /** An outcome without its edit, which may name half of the data set. */
  private record Solved(
      double[] before,
      double[] after,
      double[] error,
      int steps,
      long products,
      double gradientNorm,
      boolean converged,
      double seconds) {
    static Solved of(Outcome o) {
      return new Solved(
          o.before(),
          o.after(),
          o.error(),
          o.steps(),
          o.products(),
          o.gradientNorm(),
          o.converged(),
          o.seconds());
    }

    Outcome of(Edit edit) {
      return new Outcome(
          edit, before, after, error, steps, products, gradientNorm, converged, seconds);
    }
  }

  @Override
  public void close() {
    if (retraining != null) {
      retraining.close();
      retraining = null;
    }
  }
}
