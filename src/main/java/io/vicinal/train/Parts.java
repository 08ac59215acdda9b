package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.Update;
import io.vicinal.config.ClipConfig;
import io.vicinal.config.ComputeConfig;
import io.vicinal.config.LossConfig;
import io.vicinal.config.OptimizerConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.config.ScheduleConfig;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.nn.ProxyStart;
import io.vicinal.optim.Adam;
import io.vicinal.optim.ConstantSchedule;
import io.vicinal.optim.CosineSchedule;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.ParameterGroup;
import io.vicinal.optim.PlateauSchedule;
import io.vicinal.optim.RmsProp;
import io.vicinal.optim.Schedule;
import io.vicinal.optim.Sgd;
import io.vicinal.optim.StepSchedule;
import io.vicinal.optim.WarmupSchedule;
import io.vicinal.sample.Population;
import io.vicinal.sample.Sampler;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling.Need;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/** Makes the parts of a run from its configuration. */
final class Parts {

  private Parts() {}

  /**
   * The loss against proxies.
   *
   * @throws InputException if it is another
   */
  static Loss loss(RunConfig config) {
    return LossConfig.againstProxies("loss.name", config.loss().name(), config.loss().params());
  }

  static BackendOptions options(ComputeConfig compute) {
    return new BackendOptions(
        compute.threads(), (long) compute.workspaceMiB() << 20, compute.isa(), compute.precision());
  }

  /** The type of all arithmetic and of the head. */
  static DType dtype(RunConfig config) {
    return config.compute().dtype().equals("float64") ? DType.F64 : DType.F32;
  }

  /** The seed of first values. */
  static long headSeed(RunConfig config) {
    Long own = config.seeds().head();
    return own != null ? own : Xoshiro.derive(config.seed(), "head");
  }

  /**
   * A new head.
   *
   * @param loss its name
   * @param centers proxies of a class, 0 for none
   */
  static Head head(
      RunConfig config,
      String loss,
      int centers,
      DType dtype,
      long features,
      int classes,
      Arena arena) {
    return Head.initialise(
        arena,
        dtype,
        features,
        config.head().embedding(),
        (long) classes * centers,
        config.head().bias(),
        proxyStart(config, loss),
        headSeed(config));
  }

  static ProxyStart proxyStart(RunConfig config, String loss) {
    return switch (config.head().proxies()) {
      case "normal" -> ProxyStart.NORMAL;
      case "kaiming" -> ProxyStart.KAIMING;
      default -> loss.startsWith("proxy-nca") ? ProxyStart.NORMAL : ProxyStart.KAIMING;
    };
  }

  /**
   * @param data as {@link #population} has it
   */
  static Sampler sampler(RunConfig config, Population data) {
    Long own = config.seeds().sampler();
    long seed = own != null ? own : Xoshiro.derive(config.seed(), "sampler");
    return config.sampler().fitted(data.size(), data.classes()).sampling().over(data, seed);
  }

  /**
   * What batches are drawn from.
   *
   * @param ids positions in the dataset
   * @param rows the class of each id, in the ids' order
   * @param samples N of the dataset
   */
  static Population population(RunConfig config, long[] ids, long[] rows, long samples) {
    Population data = Population.of(ids, rows);
    Path file = config.sampler().file();
    for (Need need : Samplers.facts(config.sampler().name()).needs()) {
      data =
          switch (need) {
            case LABELS, EMBEDDINGS -> data;
            case WEIGHTS -> data.weighted(SamplerFile.weights(file, ids, samples));
            case SUPER_CLASSES -> data.grouped(SamplerFile.superClasses(file, ids, samples));
            case BATCHES -> data.listed(SamplerFile.batches(file, samples));
          };
    }
    return data;
  }

  /** The loss against proxies that a head was made with. */
  static Criterion criterion(Backend backend, Loss loss, int classes, Head head) {
    Parameters proxies = head.parameters().subset(List.of(Head.PROXIES));
    return new ProxyCriterion(backend, loss, classes, proxies);
  }

  /**
   * The names that stay as they are, by epoch from 1.
   *
   * @param always groups that do in all epochs
   */
  static IntFunction<Set<String>> frozen(RunConfig config, Parameters all, Set<String> always) {
    return epoch -> {
      Set<String> groups = new LinkedHashSet<>(always);
      all.groups().stream().filter(g -> config.warmup(g) >= epoch).forEach(groups::add);
      return Set.copyOf(all.in(groups));
    };
  }

  static Optimizer optimizer(RunConfig config, Trainable model, Arena arena) {
    OptimizerConfig c = config.optimizer();
    List<ParameterGroup> groups = new ArrayList<>();
    for (String name : model.parameters().names()) {
      String group = model.parameters().group(name);
      groups.add(
          new ParameterGroup(
              name,
              model.parameters().get(name),
              model.gradients().get(name),
              c.lr(group),
              c.eps(group),
              c.weightDecay(group),
              c.momentum(group),
              clip(config, group, 1 + model.parameters().groups().indexOf(group))));
    }
    return switch (c.name()) {
      case "sgd" -> new Sgd(arena, groups, c.nesterov());
      case "adam", "adamw" ->
          new Adam(arena, groups, c.beta1(), c.beta2(), c.name().equals("adamw"));
      case "rmsprop" -> new RmsProp(arena, groups, c.alpha(), c.centered());
      default -> throw new InputException("optimizer.name: \"" + c.name() + "\" is unknown");
    };
  }

  /**
   * @param own the number of the group's own set, where it is clipped apart from others
   */
  private static Update.Clip clip(RunConfig config, String group, int own) {
    ClipConfig.Own apart = config.optimizer().clip(group);
    if (apart != null) {
      return new Update.Clip(apart.value(), apart.norm(), own);
    }
    ClipConfig all = config.clip();
    return all.groups().contains(group)
        ? new Update.Clip(all.value(), all.norm(), 0)
        : Update.Clip.NONE;
  }

  /**
   * @param epochs of the run
   * @param batches of an epoch
   */
  static Schedule schedule(ScheduleConfig c, int epochs, int batches) {
    ScheduleConfig.Rise rise = c.warmup();
    long first = rise.steps() + (long) rise.epochs() * batches;
    long length = (long) c.length(epochs) * batches;
    Schedule schedule =
        switch (c.name()) {
          case "step" ->
              c.every() > 0
                  ? StepSchedule.every(c.every(), c.factor())
                  : StepSchedule.at(c.milestones(), c.factor());
          case "plateau" -> new PlateauSchedule(c.factor(), c.patience());
          case "cosine" -> new CosineSchedule(first, length, c.floor());
          case "constant" -> new ConstantSchedule();
          default -> throw new InputException("schedule.name: \"" + c.name() + "\" is unknown");
        };
    if (c.name().equals("cosine") && first > 0 && first >= length) {
      throw new InputException(
          "schedule.warmup.steps: "
              + first
              + " leave nothing of the cosine's "
              + length
              + " steps; lower it");
    }
    return first > 0 ? new WarmupSchedule(schedule, first, rise.from()) : schedule;
  }
}
