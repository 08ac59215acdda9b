package io.vicinal.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Transpose;
import io.vicinal.backend.Update.Clip;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.mine.Candidates;
import io.vicinal.mine.Mined;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import io.vicinal.optim.Adam;
import io.vicinal.optim.ParameterGroup;
import io.vicinal.program.Executable;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What losses of tuples cost beside their value and gradient: a Hessian-vector product, the memory
 * of all triplets of a large batch, and mining.
 */
final class TupleExperiment implements Experiment {
  private static final int WIDTH = 512;
  private static final int FEATURES = 2_048;
  private static final int ROUNDS = 15;
  private static final double MOST_OF_PRODUCT = 4;
  private static final long MOST_BYTES = 1L << 30;
  private static final double MOST_OF_MINING = 0.2;
  private static final List<String> LOSSES =
      List.of(
          "contrastive",
          "triplet",
          "margin",
          "multi-similarity",
          "circle",
          "supcon",
          "fastap",
          "lifted",
          "n-pair",
          "nt-xent");

  @Override
  public String name() {
    return "tuple-steps";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) throws Exception {
    List<String> table = new ArrayList<>();
    JsonObject json = new JsonObject();
    boolean pass = true;
    JsonArray products = new JsonArray();
    for (String loss : LOSSES) {
      double ratio = product(backend, loss, quick ? 32 : 256, table);
      pass &= ratio <= MOST_OF_PRODUCT;
      JsonObject one = new JsonObject();
      one.addProperty("loss", loss);
      one.addProperty("ratio", ratio);
      products.add(one);
    }
    json.add("products", products);
    int batch = quick ? 256 : 2_048;
    long bytes =
        Long.parseLong(
            Child.run(
                Alone.class,
                List.of("-Xmx128m"),
                Integer.toString(backend.threads()),
                Integer.toString(batch)));
    table.add(say("margin over all triplets, B=%d: %.2f GiB resident", batch, gib(bytes)));
    json.addProperty("triplet_bytes", bytes);
    json.addProperty("triplet_bytes_target", MOST_BYTES);
    pass &= bytes <= MOST_BYTES;
    double share = mining(backend, table);
    json.addProperty("mining_share", share);
    json.addProperty("mining_share_target", MOST_OF_MINING);
    return new Outcome(table, json, pass && share <= MOST_OF_MINING);
  }

  private static Map<String, Tensor> batch(Arena arena, int batch, int perClass) {
    Inputs drawn = new Inputs(90 + batch, arena);
    long[] classes = drawn.shuffled(drawn.balancedLabels(batch, batch / perClass, perClass));
    Map<String, Tensor> inputs = new HashMap<>();
    inputs.put("labels", arena.of(classes, batch));
    inputs.put("embedding", drawn.around(drawn.gaussian(1, batch / perClass, WIDTH), classes, 0.5));
    inputs.put("direction.embedding", drawn.gaussian(1, batch, WIDTH));
    return inputs;
  }

  /** A product's time over that of value and gradient. */
  private static double product(Backend backend, String loss, int batch, List<String> table) {
    TupleProgram program = new TupleProgram(TupleLosses.create(loss, Map.of()), null, true);
    try (Arena arena = new Arena(backend.memory());
        Executable gradient = program.gradient(backend);
        Executable product = program.product(backend)) {
      Map<String, Tensor> inputs = batch(arena, batch, 4);
      Map<String, Tensor> values = gradient.run(arena, inputs);
      Map<String, Tensor> products = product.run(arena, inputs);
      Samples first = new Samples();
      Samples second = new Samples();
      for (int i = 0; i < ROUNDS; i++) {
        first.add(milliseconds(() -> gradient.run(inputs, values)));
        second.add(milliseconds(() -> product.run(inputs, products)));
      }
      double ratio = second.median() / first.median();
      table.add(
          say(
              "%-18s B=%d: value and gradient %.3f ms, product %.3f ms, %.2f times",
              loss, batch, first.median(), second.median(), ratio));
      return ratio;
    }
  }

  /**
   * Mining's share of a step as training has it: embeddings [B, d] of features [B, D] by a head,
   * mining, value and gradient of what was mined, back to the head's weight, Adam.
   */
  private static double mining(Backend backend, List<String> table) {
    int batch = 112;
    Miner miner = Miners.create("distance", Map.of());
    TupleProgram program =
        new TupleProgram(TupleLosses.create("triplet", Map.of()), Tuples.TRIPLETS, true);
    Xoshiro generator = Miners.generator(0);
    try (Arena arena = new Arena(backend.memory());
        Executable run = program.gradient(backend)) {
      Inputs drawn = new Inputs(91, arena);
      long[] labels = drawn.shuffled(drawn.balancedLabels(batch, batch / 4, 4));
      Tensor features = drawn.around(drawn.gaussian(1, batch / 4, FEATURES), labels, 0.5);
      Tensor weight = drawn.gaussian(1 / Math.sqrt(FEATURES), WIDTH, FEATURES);
      Tensor ofWeight = arena.allocate(DType.F32, WIDTH, FEATURES);
      HeadTensors head = new HeadTensors(weight, null, null);
      Tensor embeddings = arena.allocate(DType.F32, batch, WIDTH);
      Map<String, Tensor> inputs = Map.of("labels", arena.of(labels, batch), "embedding", embeddings);
      ParameterGroup group =
          new ParameterGroup("weight", weight, ofWeight, 1e-6, 1e-8, 0, 0, Clip.NONE);
      Adam adam = new Adam(arena, List.of(group), 0.9, 0.999, false);
      Samples mining = new Samples();
      Samples loss = new Samples();
      Samples rest = new Samples();
      for (int i = 0; i < 10 * ROUNDS; i++) {
        try (Arena scratch = new Arena(backend.memory())) {
          double around = milliseconds(() -> backend.embed(features, head, embeddings));
          Mined[] mined = new Mined[1];
          Map<String, Tensor> all = new HashMap<>(inputs);
          double spent =
              milliseconds(
                  () -> {
                    Candidates candidates = Candidates.of(backend, embeddings, labels, true);
                    mined[0] = Miners.mine(miner, candidates, generator);
                    all.putAll(mined[0].inputs(scratch, Tuples.TRIPLETS, DType.F32, candidates));
                  });
          Map<String, Tensor> values = new HashMap<>();
          double step = milliseconds(() -> values.putAll(run.run(scratch, all)));
          Tensor gradient = values.get("gradient.embedding");
          around +=
              milliseconds(
                  () -> {
                    backend.gemm(Transpose.T, Transpose.N, gradient, features, ofWeight);
                    adam.step(backend, 1, Set.of());
                  });
          if (i >= ROUNDS) { // the first ones compile
            mining.add(spent);
            loss.add(step);
            rest.add(around);
          }
        }
      }
      double both = mining.median() + loss.median();
      double share = mining.median() / (both + rest.median());
      table.add(
          say(
              "distance-weighted triplets, B=%d: mining %.3f ms, value and gradient %.3f ms, head of"
                  + " %d features and Adam %.3f ms; mining is %.0f%% of the step, %.0f%% without the"
                  + " head",
              batch,
              mining.median(),
              loss.median(),
              FEATURES,
              rest.median(),
              100 * share,
              100 * mining.median() / both));
      return share;
    }
  }

  private static double milliseconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static double gib(long bytes) {
    return bytes / (double) (1L << 30);
  }

  private static String say(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** A process that takes value and gradient over all triplets of one batch. */
  public static final class Alone {
    private Alone() {}

    /** {@code THREADS BATCH}. */
    public static void main(String[] arguments) throws IOException {
      BackendOptions options =
          BackendOptions.defaults().withThreads(Integer.parseInt(arguments[0]));
      try (Backend backend = Backend.open("cpu", options);
          Arena arena = Arena.host();
          Executable run =
              new TupleProgram(TupleLosses.create("margin", Map.of()), null, true)
                  .gradient(backend)) {
        run.run(arena, batch(arena, Integer.parseInt(arguments[1]), 4));
      }
      System.out.println(PeakMemory.peakBytes());
    }
  }
}
