package io.vicinal.config;

import com.google.gson.JsonObject;
import io.vicinal.nn.Head;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The optimiser and what each parameter group changes of it.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name {@code sgd}, {@code adam}, {@code adamw} or {@code rmsprop}
 * @param lr the base learning rate
 * @param momentum sgd's and rmsprop's; 0 for the others
 * @param nesterov whether sgd's momentum is Nesterov's
 * @param beta1 Adam's decay of the first moment
 * @param beta2 Adam's decay of the second moment
 * @param alpha rmsprop's decay of the mean square
 * @param centered whether rmsprop's mean square is a variance
 * @param eps Adam's and rmsprop's addend to the root; 1.0 is a real setting
 * @param weightDecay taken from the parameter (adamw), or added to the gradient. Where nobody says
 *     how much, adamw's default is the head's: what a loss learns is no weight and has none
 * @param groups what the model's groups change, by name; one that is missing changes nothing
 */
public record OptimizerConfig(
    String name,
    double lr,
    double momentum,
    boolean nesterov,
    double beta1,
    double beta2,
    double alpha,
    boolean centered,
    double eps,
    double weightDecay,
    Map<String, GroupOverrides> groups) {

  /**
   * More than any recipe has (ProxyNCA++'s proxies learn with 400). Adam moves a parameter by the
   * rate, so that the squares of a float32 embedding overflow from about 1e18 on.
   */
  private static final double MOST = 1e6;

  private static final Range MOMENTA = Range.halfOpen(0, 1);

  /**
   * A group's own settings; null where it follows the optimiser's, clip's and warmup's.
   *
   * @param lr a learning rate in place of the base one
   * @param lrScale a multiple of the base learning rate
   * @param warmup the first epochs, in which the group stays as it is
   */
  public record GroupOverrides(
      Double lr,
      Double lrScale,
      Double eps,
      Double weightDecay,
      Double momentum,
      Integer warmup,
      ClipConfig.Own clip) {
    static final GroupOverrides NONE = new GroupOverrides(null, null, null, null, null, null, null);

    private GroupOverrides decaying(double value) {
      return new GroupOverrides(lr, lrScale, eps, value, momentum, warmup, clip);
    }

    static GroupOverrides read(ConfigObject s, String optimizer) {
      Double lr = s.number("lr", Range.upTo(MOST, false));
      Double lrScale = s.number("lrScale", Range.atLeast(0));
      Double eps = s.number("eps", Range.upTo(MOST, true));
      Double weightDecay = s.number("weightDecay", Range.upTo(MOST, false));
      Double momentum = s.number("momentum", MOMENTA);
      Integer warmup =
          s.has("warmup") ? (Integer) s.integer("warmup", 0, Range.integersFrom(0)) : null;
      ClipConfig.Own clip = s.has("clip") ? ClipConfig.Own.read(s.section("clip")) : null;
      s.end();
      if (lr != null && lrScale != null) {
        throw s.error("lr", "excludes lrScale; keep one of the two");
      }
      if (eps != null && optimizer.equals("sgd")) {
        throw s.error("eps", "is Adam's and rmsprop's; sgd has none, remove it");
      }
      if (momentum != null && optimizer.startsWith("adam")) {
        throw s.error("momentum", "is sgd's and rmsprop's; " + optimizer + " has beta1, remove it");
      }
      return new GroupOverrides(lr, lrScale, eps, weightDecay, momentum, warmup, clip);
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

  /** A group's momentum. */
  public double momentum(String group) {
    Double own = of(group).momentum();
    return own == null ? momentum : own;
  }

  /** A group's first epochs in which it stays as it is; null where it follows the run's. */
  public Integer warmup(String group) {
    return of(group).warmup();
  }

  /** A group's own clipping; null where it follows the run's. */
  public ClipConfig.Own clip(String group) {
    return of(group).clip();
  }

  static OptimizerConfig read(ConfigObject s, Groups model) {
    String name = s.choice("name", "adam", "sgd", "adam", "adamw", "rmsprop");
    boolean sgd = name.equals("sgd");
    boolean rmsprop = name.equals("rmsprop");
    boolean adam = name.startsWith("adam");
    double lr = s.number("lr", sgd ? 0.1 : rmsprop ? 0.01 : 1e-3, Range.upTo(MOST, false));
    double weightDecay =
        s.number("weightDecay", name.equals("adamw") ? 0.01 : 0, Range.upTo(MOST, false));
    double momentum = adam ? 0 : s.number("momentum", sgd ? 0.9 : 0, MOMENTA);
    boolean nesterov = sgd && s.flag("nesterov", false);
    double beta1 = adam ? s.number("beta1", 0.9, MOMENTA) : 0;
    double beta2 = adam ? s.number("beta2", 0.999, MOMENTA) : 0;
    double alpha = rmsprop ? s.number("alpha", 0.99, MOMENTA) : 0;
    boolean centered = rmsprop && s.flag("centered", false);
    double eps = sgd ? 0 : s.number("eps", 1e-8, Range.upTo(MOST, true));
    ConfigObject own = s.section("groups");
    Map<String, GroupOverrides> groups = new LinkedHashMap<>();
    boolean everywhere = weightDecay == 0 || s.has("weightDecay");
    for (String group : model.names()) {
      GroupOverrides read = GroupOverrides.read(own.section(group), name);
      boolean kept = everywhere || Head.GROUPS.contains(group) || read.weightDecay() != null;
      groups.put(group, kept ? read : read.decaying(0));
    }
    own.end();
    s.end();
    OptimizerConfig config =
        new OptimizerConfig(
            name,
            lr,
            momentum,
            nesterov,
            beta1,
            beta2,
            alpha,
            centered,
            eps,
            weightDecay,
            Collections.unmodifiableMap(groups));
    if (nesterov && momentum == 0) {
      throw s.error("nesterov", "needs a momentum above 0; set one, or remove it");
    }
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
    // A step multiplies a parameter by 1 - lr wd, with momentum m by what grows beyond 2 (1 + m),
    // with Nesterov's beyond 2 (1 + m) / (1 + 2 m). Adam and rmsprop divide the decay by the root.
    double m = name.equals("sgd") ? momentum(group) : 0;
    double most = 2 * (1 + m) / (nesterov ? 1 + 2 * m : 1);
    boolean grows = name.equals("sgd") || name.equals("adamw");
    if (grows && rate * weightDecay(group) >= most) {
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
    switch (name) {
      case "sgd" -> {
        o.addProperty("momentum", momentum);
        o.addProperty("nesterov", nesterov);
      }
      case "rmsprop" -> {
        o.addProperty("momentum", momentum);
        o.addProperty("alpha", alpha);
        o.addProperty("centered", centered);
        o.addProperty("eps", eps);
      }
      default -> {
        o.addProperty("beta1", beta1);
        o.addProperty("beta2", beta2);
        o.addProperty("eps", eps);
      }
    }
    o.addProperty("weightDecay", weightDecay);
    JsonObject own = new JsonObject();
    groups.forEach((group, g) -> own.add(group, Json.tree(g)));
    o.add("groups", own);
    return o;
  }
}
