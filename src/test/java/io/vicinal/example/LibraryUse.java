package io.vicinal.example;

import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.RunMode;
import io.vicinal.train.TrainResult;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;

/** Trains an embedding of feature rows and measures how well it retrieves their classes. */
public final class LibraryUse {
  static final String CONFIG =
      """
      {"data": {"dataset": "given"}, "loss": {"name": "proxy-anchor"}, "head": {"embedding": 8},
       "optimizer": {"lr": 0.01}, "sampler": {"name": "random", "batch": 32}, "epochs": 50}
      """;

  public static Evaluation trainAndEvaluate(float[] x, long[] y, int width, Path run) {
    RunConfig config = ConfigParser.parse(CONFIG, "example", Path.of(""), List.of());
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor features = arena.of(x, y.length, width);
      FeatureSet data = new FeatureSet(features, arena.of(y, y.length), "my features");
      TrainResult result = Trainer.train(config, data, run, RunMode.NEW, TrainingListener.NONE);
      Head head = Head.load(result.head(), arena);
      Tensor embeddings = head.embed(backend, features, arena);
      EvaluationOptions options = EvaluationOptions.of("r@1,map@r").withNormalize(true);
      return new Evaluator(backend).evaluate(embeddings, data.labels(), options);
    }
  }
}
