package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;

/**
 * How the learning rates change over the epochs; every group's is multiplied by the same factor.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name {@code constant}, {@code step} or {@code plateau}
 * @param every step: epochs between two reductions; 0 with milestones
 * @param milestones step: the numbers of finished epochs after which to reduce, ascending
 * @param factor what a reduction multiplies by
 * @param patience plateau: evaluations without improvement that are tolerated
 */
public record ScheduleConfig(
    String name, int every, List<Long> milestones, double factor, int patience) {

  static ScheduleConfig read(ConfigObject s) {
    String name = s.choice("name", "constant", "constant", "step", "plateau");
    boolean step = name.equals("step");
    boolean plateau = name.equals("plateau");
    int every = step ? s.integer("every", 0, Range.integersFrom(0)) : 0;
    List<Long> milestones = step ? s.wholes("milestones") : List.of();
    double factor = step || plateau ? s.number("factor", 0.1, Range.open(0, 1)) : 1;
    int patience = plateau ? s.integer("patience", 4, Range.integersFrom(0)) : 0;
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
    return new ScheduleConfig(name, every, milestones, factor, patience);
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
    if (!name.equals("constant")) {
      o.addProperty("factor", factor);
    }
    if (name.equals("plateau")) {
      o.addProperty("patience", patience);
    }
    return o;
  }
}
