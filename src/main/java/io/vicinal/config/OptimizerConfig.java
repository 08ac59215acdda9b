package io.vicinal.config;

import com.google.gson.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
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
 * @param groups what the model's groups change, by name; one that is missing changes nothing
 */
public record OptimizerConfig(
    String name,
    double lr,
    double momentum,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    Map<String, GroupOverrides> groups) {

  /**
   * More than any recipe has (ProxyNCA++'s proxies learn with 400). Adam moves a parameter by the
   * rate, so that the squares of a float32 embedding overflow from about 1e18 on.
   */
  private static final double MOST = 1e6;

  /**
   * A group's own settings; null where it follows the optimiser's.
   *
   * @param lr a learning rate in place of the base one
   * @param lrScale a multiple of the base learning rate
   */
  public record GroupOverrides(Double lr, Double lrScale, Double eps, Double weightDecay) {
    static final GroupOverrides NONE = new GroupOverrides(null, null, null, null);

    static GroupOverrides read(ConfigObject s) {
      Double lr = s.number("lr", Range.upTo(MOST, false));
      Double lrScale = s.number("lrScale", Range.atLeast(0));
      Double eps = s.number("eps", Range.upTo(MOST, true));
      Double weightDecay = s.number("weightDecay", Range.upTo(MOST, false));
      s.end();
      if (lr != null && lrScale != null) {
        throw s.error("lr", "excludes lrScale; keep one of the two");
      }
      return new GroupOverrides(lr, lrScale, eps, weightDecay);
    }
  }

  private GroupOverrides of(String group) {
    return groups.getOrDefault(group, GroupOverrides.NONE);
  }

  /** A group's learning rate before any schedule. */
  public double lr(String group) {
    GroupOverrides g = of(group);
    if (g.lr() != null) {
      return g.lr();
    }
    return g.lrScale() == null ? lr : lr * g.lrScale();
  }

  /** A group's eps. */
  public double eps(String group) {
    Double own = of(group).eps();
    return own == null ? eps : own;
  }

  /** A group's weight decay. */
  public double weightDecay(String group) {
    Double own = of(group).weightDecay();
    return own == null ? weightDecay : own;
  }

  static OptimizerConfig read(ConfigObject s, Groups model) {
    String name = s.choice("name", "adam", "sgd", "adam", "adamw");
    boolean sgd = name.equals("sgd");
    double lr = s.number("lr", sgd ? 0.1 : 1e-3, Range.upTo(MOST, false));
    double weightDecay =
        s.number("weightDecay", name.equals("adamw") ? 0.01 : 0, Range.upTo(MOST, false));
    double momentum = sgd ? s.number("momentum", 0.9, Range.halfOpen(0, 1)) : 0;
    double beta1 = sgd ? 0 : s.number("beta1", 0.9, Range.halfOpen(0, 1));
    double beta2 = sgd ? 0 : s.number("beta2", 0.999, Range.halfOpen(0, 1));
    double eps = sgd ? 0 : s.number("eps", 1e-8, Range.upTo(MOST, true));
    ConfigObject own = s.section("groups");
    Map<String, GroupOverrides> groups = new LinkedHashMap<>();
    for (String group : model.names()) {
      ConfigObject section = own.section(group);
      groups.put(group, GroupOverrides.read(section));
      if (sgd && groups.get(group).eps() != null) {
        throw section.error("eps", "is Adam's; sgd has none, remove it");
      }
    }
    own.end();
    s.end();
    OptimizerConfig config =
        new OptimizerConfig(
            name,
            lr,
            momentum,
            beta1,
            beta2,
            eps,
            weightDecay,
            Collections.unmodifiableMap(groups));
    model.names().forEach(group -> config.check(group, s, own.section(group)));
    return config;
  }

  /** What two values that are each in range make together. */
  private void check(String group, ConfigObject s, ConfigObject own) {
    double rate = lr(group);
    if (rate > MOST) {
      throw own.error(
          "lrScale",
          "makes a learning rate of " + rate + ", more than " + (long) MOST + "; lower it");
    }
    // A step multiplies a parameter by 1 - lr wd, with momentum m by what grows beyond 2 (1 + m).
    double most = 2 * (1 + momentum);
    if (!name.equals("adam") && rate * weightDecay(group) >= most) {
      boolean its = of(group).weightDecay() != null;
      throw (its ? own : s)
          .error(
              "weightDecay",
              weightDecay(group)
                  + " with the learning rate "
                  + rate
                  + " makes the "
                  + group
                  + " grow in every step (their product must be below "
                  + most
                  + "); lower one of them");
    }
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
    groups.forEach((group, g) -> own.add(group, Json.tree(g)));
    o.add("groups", own);
    return o;
  }
}
