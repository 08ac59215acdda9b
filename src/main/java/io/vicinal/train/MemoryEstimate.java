package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.config.MemoryConfig;
import io.vicinal.config.OptimizerConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.config.SamplerConfig;
import io.vicinal.data.ArrayFile;
import io.vicinal.nn.Head;
import io.vicinal.process.Limits;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling.Need;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Shape;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The memory of a run outside the Java heap, by what it is for. An estimate: what the allocator
 * rounds up is left out.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param bytes by purpose, in a fixed order
 */
public record MemoryEstimate(Map<String, Long> bytes) {

  private static final long DEFAULT_WORKSPACE = 256L << 20; // of an engine (vicinal.h)

  private static final String WORKSPACE = "workspace, at most";

  /** Of all pairs of a batch, which the programs of losses keep at most, give or take one. */
  private static final int MATRICES = 5;

  /** Of all pairs of references, where a loss compares these with each other. */
  private static final int OF_REFERENCES = 4;

  private static final String MEASURING = "measuring validation";

  /** What a training set holds once it is read. */
  private static final List<String> DATA = List.of("features", "labels", "validation");

  /** Keeps the order. */
  public MemoryEstimate {
    bytes = Collections.unmodifiableMap(new LinkedHashMap<>(bytes));
  }

  /**
   * @param config resolved
   * @param samples N
   * @param width D
   * @param classes C
   * @param validation V
   */
  static MemoryEstimate of(
      RunConfig config, long samples, long width, int classes, long validation) {
    long element = Parts.dtype(config).bytes();
    long embedding = config.head().embedding();
    RunLoss loss = new RunLoss(config);
    Map<String, Long> sizes = new HashMap<>(loss.learned(classes));
    sizes.put(Head.WEIGHT, embedding * width);
    sizes.put(Head.BIAS, embedding);
    long parameters = element * sizes.values().stream().mapToLong(n -> n).sum();
    long workspace = (long) config.compute().workspaceMiB() << 20;
    Map<String, Long> bytes = new LinkedHashMap<>();
    bytes.put("features", element * samples * width);
    bytes.put("labels", 8 * samples);
    bytes.put("validation", validation * (element * width + 8));
    bytes.put(MEASURING, measured(config, width, validation));
    bytes.put("parameters", parameters);
    bytes.put("gradients", parameters);
    long moments =
        sizes.entrySet().stream()
            .mapToLong(size -> moments(config.optimizer(), size.getKey()) * size.getValue())
            .sum();
    bytes.put("optimizer moments", element * moments);
    if (config.average().decay() > 0) {
      bytes.put("averages", parameters);
    }
    long batch = batch(config.sampler());
    bytes.put("batch", batch * (element * width + 16));
    if (config.sampler().params().get("pool") instanceof Integer pool) {
      long held = Math.min(pool, samples);
      // Features and embeddings; products in native memory, beside those on the heap.
      bytes.put("candidates", held * (element * width + 8 * embedding + 8 * held));
    }
    if (config.loss().ofTuples()) {
      MemoryConfig memory = config.memory();
      long references = batch + memory.size();
      bytes.put("memory of the loss", memory.size() * (2 * element * embedding + 8));
      if (memory.momentum() != null) {
        bytes.put("copy of the head", element * embedding * (width + 1));
      }
      bytes.put("pairs of a batch", batch * references * (MATRICES * element + 8)); // 8 for a miner
      if (memory.size() > 0 && memory.momentum() == null && loss.comparesReferences()) {
        bytes.put("pairs in the memory", references * references * OF_REFERENCES * element);
      }
    }
    bytes.put(WORKSPACE, workspace == 0 ? DEFAULT_WORKSPACE : workspace);
    return new MemoryEstimate(bytes);
  }

  /** The most samples of a batch; of batches in a file its columns. */
  private static long batch(SamplerConfig sampler) {
    Need[] needs = Samplers.facts(sampler.name()).needs();
    if (!List.of(needs).contains(Need.BATCHES)) {
      return sampler.batchSize();
    }
    Shape shape = ArrayFile.shape(sampler.file());
    return shape.rank() == 2 ? shape.dim(1) : 0; // refused by its reader
  }

  /** Tensors that a group has beside its parameter. */
  private static int moments(OptimizerConfig c, String group) {
    int velocities = c.momentum(group) > 0 ? 1 : 0;
    return switch (c.name()) {
      case "sgd" -> velocities;
      case "rmsprop" -> velocities + (c.centered() ? 2 : 1);
      default -> 2;
    };
  }

  /**
   * The larger of two: the raw features, of which copies are measured before the first step, and
   * the embeddings with their copies.
   */
  private static long measured(RunConfig config, long width, long validation) {
    int element = Parts.dtype(config).bytes();
    // As Evaluator does it: normalised rows, then rows in single precision.
    long copies = (config.evaluate().normalize() ? element : 0) + (element > 4 ? 4 : 0);
    long embedding = config.head().embedding();
    return validation * Math.max(width * copies, embedding * (element + copies));
  }

  /**
   * Refuses, before the features are read, a run that already for two classes and without
   * validation needs more than this process may take.
   *
   * @param samples N
   * @param width D
   */
  static void checkLeast(RunConfig config, long samples, long width) {
    of(config, samples, width, 2, 0).check(config, false);
  }

  /**
   * Refuses a run on the processor that needs more than this process may take. The workspace does
   * not count: it shrinks to what is left.
   *
   * @param read whether the data are in memory already
   * @throws InputException with what takes most of it and how to need less
   */
  void check(RunConfig config, boolean read) {
    if (!config.compute().device().equals("cpu")) {
      return;
    }
    Limits.MemoryLimit memory = Limits.ofThisProcess().memory(HostMemory.liveBytes());
    Map<String, Long> needed = new LinkedHashMap<>(bytes);
    needed.remove(WORKSPACE);
    if (read) {
      needed.keySet().removeAll(DATA);
    }
    long sum = needed.values().stream().mapToLong(Long::longValue).sum();
    if (sum <= memory.left()) {
      return;
    }
    String most = Collections.max(needed.entrySet(), Map.Entry.comparingByValue()).getKey();
    throw new InputException(
        "memory: the run needs "
            + Limits.text(sum)
            + (read ? " more" : "")
            + " ("
            + Limits.text(needed.get(most))
            + " of it for "
            + most
            + ") and "
            + memory.boundBy()
            + " leaves "
            + Limits.text(memory.left())
            + "; "
            + remedy(most)
            + ", or run it where more is free");
  }

  private static String remedy(String most) {
    return switch (most) {
      case "features", "labels" -> "give fewer samples or columns";
      case "validation", MEASURING -> "give fewer validation samples";
      case "memory of the loss", "pairs in the memory" -> "lower memory.size";
      case "batch", "pairs of a batch" -> "lower sampler.batch";
      case "candidates" -> "lower sampler.pool";
      default -> "lower head.embedding";
    };
  }

  /** The sum. */
  public long total() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** A table: one purpose per line, in MiB, then the total. */
  public String table() {
    StringBuilder table = new StringBuilder();
    bytes.forEach((purpose, size) -> table.append(line(purpose, size)));
    return table.append(line("total", total())).toString();
  }

  private static String line(String purpose, long size) {
    return String.format(Locale.ROOT, "  %-22s %12.1f MiB%n", purpose, size / 1048576.0);
  }
}
