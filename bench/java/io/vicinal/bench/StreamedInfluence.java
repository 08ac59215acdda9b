package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.ArrayFile;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process that trains a head on mapped features by a few full-batch steps, explains two pairs of
 * its rows exactly, and prints what that took as JSON.
 */
public final class StreamedInfluence {
  private static final int STEPS = 15;
  private static final int TEST_ROWS = 1_000;

  private StreamedInfluence() {}

  /** {@code THREADS FOLDER d}, the folder with X.npy and y.npy. */
  public static void main(String[] arguments) throws IOException {
    BackendOptions options = BackendOptions.defaults().withThreads(Integer.parseInt(arguments[0]));
    Path folder = Path.of(arguments[1]);
    int width = Integer.parseInt(arguments[2]);
    try (Backend backend = Backend.open("cpu", options);
        Arena arena = Arena.host()) {
      double start = System.nanoTime() / 1e9;
      FeatureSet training =
          new FeatureSet(
              ArrayFile.mapLarge(folder.resolve("X.npy"), arena, null, note -> {}),
              Labels.read(folder.resolve("y.npy"), arena),
              "X.npy");
      Loss loss = Losses.create("proxy-nca-pp", Map.of());
      HeadTensors head = train(backend, arena, loss, training, width);
      HeadModel model = new HeadModel(loss, training, head);
      FeatureSet test =
          new FeatureSet(
              training.features().rows(0, TEST_ROWS), training.labels().rows(0, TEST_ROWS), "test");
      double trained = System.nanoTime() / 1e9;
      try (HeadProblem problem =
              HeadProblem.open(
                  backend, model, ProblemOptions.defaults().unrotated().withMemory(4L << 30));
          Explanation explanation =
              Explanation.open(
                  problem,
                  test,
                  Damping.parse("100x", problem),
                  ExplanationOptions.defaults())) {
        List<Query> queries =
            List.of(
                new Query("pair 0-1", new PairDistance(0, 1)),
                new Query("pair 2-3", new PairDistance(2, 3)));
        Scores scores = Estimators.of("if").scores(explanation, queries, Progress.NONE);
        double end = System.nanoTime() / 1e9;
        long products =
            scores.diagnostics().stream().mapToLong(Diagnostics::products).sum()
                + explanation.convergence(Progress.NONE).products();
        JsonObject json = new JsonObject();
        json.addProperty("n", training.samples());
        json.addProperty("d", width);
        json.addProperty("queries", queries.size());
        json.addProperty("products", products);
        json.addProperty("train_s", trained - start);
        json.addProperty("seconds", end - trained);
        json.addProperty("product_s", (end - trained) / products);
        json.addProperty(
            "true_residual",
            scores.diagnostics().stream().mapToDouble(Diagnostics::residual).max().getAsDouble());
        json.addProperty("peak_bytes", PeakMemory.peakBytes());
        System.out.println(json);
      }
    }
  }

  private static HeadTensors train(
      Backend backend, Arena arena, Loss loss, FeatureSet set, int width) {
    int classes = Math.toIntExact(set.classes());
    AdamHead head = new AdamHead(backend, arena, loss, set.width(), width, classes, 1e-2);
    for (int step = 0; step < STEPS; step++) {
      head.step(set.features(), set.labels());
    }
    return head.tensors();
  }
}
