package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;

/**
 * How the learning rates change over the steps and epochs; every group's is multiplied by the same
 * factor.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name {@code constant}, {@code step}, {@code plateau} or {@code cosine}
 * @param every step: epochs between two reductions; 0 with milestones
 * @param milestones step: the numbers of finished epochs after which to reduce, ascending
 * @param factor step, plateau: what a reduction multiplies by
 * @param patience plateau: evaluations without improvement that are tolerated
 * @param epochs cosine: after how many it reaches the floor; null for the run's
 * @param floor cosine: where it ends
 * @param warmup the straight line in front of it
 */
public record ScheduleConfig(
    String name,
    int every,
    List<Long> milestones,
    double factor,
    int patience,
    Integer epochs,
    double floor,
    Rise warmup) {

  /**
   * The first steps, in which the factor rises to the whole one.
   *
   * @param steps how many; 0 where they are counted in epochs, or there are none
   * @param epochs how many; 0 where they are counted in steps, or there are none
   * @param from what the first step multiplies by
   */
  public record Rise(int steps, int epochs, double from) {
    /** No such steps. */
    public static final Rise NONE = new Rise(0, 0, 0);

    static Rise read(ConfigObject s) {
      int steps = s.integer("steps", 0, Range.integersFrom(0));
      int epochs = s.integer("epochs", 0, Range.integersFrom(0));
      double from = s.number("from", 0.1, Range.halfOpen(0, 1));
      s.end();
      if (steps > 0 && epochs > 0) {
        throw s.error("steps", "excludes epochs; keep one of the two");
      }
      return steps > 0 || epochs > 0 ? new Rise(steps, epochs, from) : NONE;
    }
  }

  static ScheduleConfig read(ConfigObject s) {
    String name = s.choice("name", "constant", "constant", "step", "plateau", "cosine");
    boolean step = name.equals("step");
    boolean plateau = name.equals("plateau");
    boolean cosine = name.equals("cosine");
    int every = step ? s.integer("every", 0, Range.integersFrom(0)) : 0;
    List<Long> milestones = step ? s.wholes("milestones") : List.of();
    double factor = step || plateau ? s.number("factor", 0.1, Range.open(0, 1)) : 1;
    int patience = plateau ? s.integer("patience", 4, Range.integersFrom(0)) : 0;
    Integer epochs =
        cosine && s.has("epochs") ? (Integer) s.integer("epochs", 0, Range.integersFrom(1)) : null;
    double floor = cosine ? s.number("floor", 0, Range.halfOpen(0, 1)) : 0;
    Rise warmup = Rise.read(s.section("warmup"));
    s.end();
    if (step && (every == 0) == milestones.isEmpty()) {
      throw s.error("every", "a step schedule needs every or milestones, one of the two");
    }
    long last = 0;
    for (long milestone : milestones) {
      if (milestone <= last) {
        throw s.error("milestones", "must be ascending epoch numbers from 1");
      }
      last = milestone;
    }
    return new ScheduleConfig(name, every, milestones, factor, patience, epochs, floor, warmup);
  }

  /** After how many epochs a cosine is at its floor, in a run of so many. */
  public int length(int runEpochs) {
    return epochs == null ? runEpochs : epochs;
  }

  /** Whether it depends on how many epochs the run has. */
  public boolean followsEpochs() {
    return name.equals("cosine") && epochs == null;
  }

  /** What it and the run's number of epochs make together. */
  void check(ConfigObject s, int runEpochs) {
    if (!name.equals("cosine")) {
      return;
    }
    int length = length(runEpochs);
    if (length < runEpochs && floor == 0) {
      throw s.error(
          "epochs",
          length
              + " of "
              + runEpochs
              + " epochs: after them the learning rates would be 0; raise it, or set floor above 0");
    }
    if (warmup.epochs() > 0 && warmup.epochs() >= length) {
      throw s.error(
          "warmup.epochs",
          warmup.epochs() + " leave nothing of the cosine's " + length + " epochs; lower it");
    }
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    if (every > 0) {
      o.addProperty("every", every);
    }
    if (!milestones.isEmpty()) {
      JsonArray array = new JsonArray();
      milestones.forEach(array::add);
      o.add("milestones", array);
    }
    if (name.equals("step") || name.equals("plateau")) {
      o.addProperty("factor", factor);
    }
    if (name.equals("plateau")) {
      o.addProperty("patience", patience);
    }
    if (epochs != null) {
      o.addProperty("epochs", epochs);
    }
    if (name.equals("cosine")) {
      o.addProperty("floor", floor);
    }
    if (!warmup.equals(Rise.NONE)) {
      JsonObject rise = new JsonObject();
      rise.addProperty(warmup.steps() > 0 ? "steps" : "epochs", warmup.steps() + warmup.epochs());
      rise.addProperty("from", warmup.from());
      o.add("warmup", rise);
    }
    return o;
  }
}
