package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.Loss;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.nn.ProxyStart;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The loss of a run, be it against proxies or one of a batch: what it needs, and its criterion. */
final class RunLoss {
  private final RunConfig config;
  private final Loss proxies; // null for a loss of tuples
  private final TupleLoss tuples; // null for one against proxies

  /**
   * @throws io.vicinal.InputException if a parameter is out of range
   */
  RunLoss(RunConfig config) {
    this.config = config;
    boolean ofTuples = config.loss().ofTuples();
    proxies = ofTuples ? null : Parts.loss(config);
    tuples = ofTuples ? TupleLosses.create(config.loss().name(), config.loss().params()) : null;
  }

  /** The loss if it is one against proxies, else null. */
  Loss againstProxies() {
    return proxies;
  }

  Map<String, Object> params() {
    return proxies != null ? proxies.params() : TupleLosses.params(tuples);
  }

  /** Proxies of a class, 0 for a loss without. */
  int centers() {
    return proxies != null ? proxies.centers() : 0;
  }

  /** Whether with a memory it compares all that are in it with each other. */
  boolean comparesReferences() {
    return tuples != null && TupleProgram.comparesReferences(tuples);
  }

  /** How many numbers it learns, by the parameters' names. */
  Map<String, Long> learned(int classes) {
    if (proxies != null) {
      return Map.of(Head.PROXIES, (long) classes * centers() * config.head().embedding());
    }
    return tuples.learned().stream()
        .collect(
            Collectors.toMap(
                p -> Head.beside(p.name()),
                p -> Arrays.stream(dims(p, classes)).reduce(1, (a, b) -> a * b)));
  }

  /** A new head, with proxies if the loss has some. */
  Head head(long features, int classes, Arena arena) {
    return Parts.head(
        config, config.loss().name(), centers(), Parts.dtype(config), features, classes, arena);
  }

  /**
   * The loss with its state.
   *
   * @param head that it is on
   * @param rows the most samples of a batch
   * @param arena owner of what it learns and remembers
   */
  Criterion criterion(Backend backend, Head head, int classes, int rows, Arena arena) {
    if (proxies != null) {
      return Parts.criterion(backend, proxies, classes, head);
    }
    Map<String, Tensor> learned = new LinkedHashMap<>();
    for (LearnedParameter parameter : tuples.learned()) {
      Tensor tensor = arena.allocate(head.weight().dtype(), dims(parameter, classes));
      start(parameter.name(), tensor);
      learned.put(Head.beside(parameter.name()), tensor);
    }
    return new TupleCriterion(
        backend,
        new TupleCriterion.Of(
            tuples,
            config.miner().create(),
            config.loss().normalize(),
            config.memory(),
            Xoshiro.derive(config.seed(), "miner")),
        Parameters.of(learned),
        head,
        rows,
        arena);
  }

  /** A number where the loss has one of that name, such as a boundary; else as proxies start. */
  private void start(String name, Tensor tensor) {
    if (TupleLosses.params(tuples).get(name) instanceof Double value) {
      double[] all = new double[Math.toIntExact(tensor.size())];
      Arrays.fill(all, value);
      tensor.set(all);
    } else {
      ProxyStart start = Parts.proxyStart(config, config.loss().name());
      start.fill(tensor, Xoshiro.of(Parts.headSeed(config), Head.beside(name)));
    }
  }

  private long[] dims(LearnedParameter parameter, int classes) {
    return parameter.sizes().stream().mapToLong(size -> size(size, classes)).toArray();
  }

  private long size(String size, int classes) {
    return switch (size) {
      case "C" -> classes;
      case "d" -> config.head().embedding();
      default -> Long.parseLong(size); // the configuration has refused all others
    };
  }
}
