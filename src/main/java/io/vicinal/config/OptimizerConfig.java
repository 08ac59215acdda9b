package io.vicinal.config;

import com.google.gson.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The optimiser and what each parameter group changes of it.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name {@code sgd}, {@code adam} or {@code adamw}
 * @param lr the base learning rate
 * @param momentum sgd's; 0 for the others
 * @param beta1 Adam's decay of the first moment
 * @param beta2 Adam's decay of the second moment
 * @param eps Adam's addend to the root of the second moment; 1.0 is a real setting
 * @param weightDecay added to the gradient (sgd, adam) or taken from the parameter (adamw)
 * @param groups what {@code weight}, {@code bias} and {@code proxies} change
 */
public record OptimizerConfig(
    String name,
    double lr,
    double momentum,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    Map<String, Group> groups) {

  /** The parameter groups of a head. */
  public static final List<String> GROUPS = List.of("weight", "bias", "proxies");

  /**
   * A group's own settings; null where it follows the optimiser's.
   *
   * @param lr a learning rate in place of the base one
   * @param lrScale a multiple of the base learning rate
   */
  public record Group(Double lr, Double lrScale, Double eps, Double weightDecay) {

    static Group read(Section s) {
      Double lr = s.number("lr", Range.atLeast(0));
      Double lrScale = s.number("lrScale", Range.atLeast(0));
      Double eps = s.number("eps", Range.positive());
      Double weightDecay = s.number("weightDecay", Range.atLeast(0));
      s.end();
      if (lr != null && lrScale != null) {
        throw s.error("lr", "excludes lrScale; keep one of the two");
      }
      return new Group(lr, lrScale, eps, weightDecay);
    }

    JsonObject json() {
      JsonObject o = new JsonObject();
      Json.number(o, "lr", lr);
      Json.number(o, "lrScale", lrScale);
      Json.number(o, "eps", eps);
      Json.number(o, "weightDecay", weightDecay);
      return o;
    }
  }

  /** A group's learning rate before any schedule. */
  public double lr(String group) {
    Group g = groups.get(group);
    if (g.lr() != null) {
      return g.lr();
    }
    return g.lrScale() == null ? lr : lr * g.lrScale();
  }

  /** A group's eps. */
  public double eps(String group) {
    Double own = groups.get(group).eps();
    return own == null ? eps : own;
  }

  /** A group's weight decay. */
  public double weightDecay(String group) {
    Double own = groups.get(group).weightDecay();
    return own == null ? weightDecay : own;
  }

  static OptimizerConfig read(Section s) {
    String name = s.choice("name", "adam", "sgd", "adam", "adamw");
    boolean sgd = name.equals("sgd");
    double lr = s.number("lr", sgd ? 0.1 : 1e-3, Range.atLeast(0));
    double weightDecay = s.number("weightDecay", name.equals("adamw") ? 0.01 : 0, Range.atLeast(0));
    double momentum = sgd ? s.number("momentum", 0.9, Range.halfOpen(0, 1)) : 0;
    double beta1 = sgd ? 0 : s.number("beta1", 0.9, Range.halfOpen(0, 1));
    double beta2 = sgd ? 0 : s.number("beta2", 0.999, Range.halfOpen(0, 1));
    double eps = sgd ? 0 : s.number("eps", 1e-8, Range.positive());
    Section own = s.section("groups");
    Map<String, Group> groups = new LinkedHashMap<>();
    for (String group : GROUPS) {
      Section section = own.section(group);
      groups.put(group, Group.read(section));
      if (sgd && groups.get(group).eps() != null) {
        throw section.error("eps", "is Adam's; sgd has none, remove it");
      }
    }
    own.end();
    s.end();
    return new OptimizerConfig(
        name, lr, momentum, beta1, beta2, eps, weightDecay, Collections.unmodifiableMap(groups));
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    o.addProperty("lr", lr);
    if (name.equals("sgd")) {
      o.addProperty("momentum", momentum);
    } else {
      o.addProperty("beta1", beta1);
      o.addProperty("beta2", beta2);
      o.addProperty("eps", eps);
    }
    o.addProperty("weightDecay", weightDecay);
    JsonObject own = new JsonObject();
    groups.forEach((group, g) -> own.add(group, g.json()));
    o.add("groups", own);
    return o;
  }
}
