package io.vicinal.example;

import io.vicinal.backend.Backend;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.Rows;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.nn.Embedder;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.train.TrainedHead;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingOptions;
import java.util.Random;

/** Trains an embedding of feature rows and measures how well it retrieves the classes of others. */
public final class LibraryUse {
  public static Evaluation trainAndEvaluate(
      float[][] x, String[] y, float[][] testX, String[] testY) {
    TrainingOptions options =
        TrainingOptions.of(new ProxyAnchor()).embedding(8).adam(0.01).batch(32).epochs(50);
    try (TrainedHead trained = Trainer.train(Rows.of(x), ClassLabels.of(y), options);
        Embedder embedder = trained.embedder();
        Backend backend = Backend.cpu()) {
      Rows embeddings = Rows.of(embedder.embed(testX));
      EvaluationOptions wanted = EvaluationOptions.of("r@1,map@r").withNormalize(true);
      return new Evaluator(backend).evaluate(embeddings, ClassLabels.of(testY), wanted);
    }
  }

  public static void main(String[] args) {
    String[] labels = labels(300);
    float[][] training = features(300, 7);
    float[][] test = features(300, 8);
    System.out.println(trainAndEvaluate(training, labels, test, labels).values());
  }

  static String[] labels(int count) {
    String[] names = {"cat", "dog", "fox"};
    String[] labels = new String[count];
    for (int i = 0; i < count; i++) {
      labels[i] = names[i % names.length];
    }
    return labels;
  }

  /** Noise, and one number that tells the class: your own features take this place. */
  static float[][] features(int count, long seed) {
    Random random = new Random(seed);
    float[][] x = new float[count][12];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < x[i].length; j++) {
        double noise = random.nextGaussian();
        x[i][j] = (float) (j == i % 3 ? 2 + 0.3 * noise : noise);
      }
    }
    return x;
  }
}
