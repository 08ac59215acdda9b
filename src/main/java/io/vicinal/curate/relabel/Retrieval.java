package io.vicinal.curate.relabel;

import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.EvaluationOptions.Method;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Set;

/**
 * How a head retrieves: what label noise costs and what a repair gives back. Wrong labels do harm
 * in two places, and each has its number. Cosine similarity throughout. Immutable.
 *
 * @param recall R@1 of the test samples among themselves: what the <em>head</em> learnt; labels of
 *     the training samples are not looked at
 * @param mapAtR MAP@R of the same
 * @param galleryRecall share of test samples whose nearest <em>training</em> sample carries their
 *     label: what a user of the labelled collection gets, whose wrong labels are also in the
 *     answers; NaN if no class is in both
 */
public record Retrieval(double recall, double mapAtR, double galleryRecall) {
  /**
   * @param test features and right labels
   * @param gallery the training samples with the labels that they carry
   */
  public static Retrieval of(Backend backend, Head head, FeatureSet test, FeatureSet gallery) {
    Evaluator evaluator = new Evaluator(backend);
    try (Arena arena = new Arena(backend.memory())) {
      Tensor queries = head.embed(backend, test.features(), arena);
      Tensor answers = head.embed(backend, gallery.features(), arena);
      EvaluationOptions among =
          EvaluationOptions.of("r@1,map@r").withNormalize(true).withPerClass(false);
      var own = evaluator.evaluate(queries, test.labels(), among);
      Set<Long> trained = gallery.classCounts().keySet();
      if (test.classCounts().keySet().stream().noneMatch(trained::contains)) {
        return new Retrieval(own.value("r@1"), own.value("map@r"), Double.NaN);
      }
      EvaluationOptions nearest =
          EvaluationOptions.of("r@1")
              .withNormalize(true)
              .withPerClass(false)
              .withMethod(Method.NEIGHBOURS);
      var other = evaluator.evaluate(queries, test.labels(), answers, gallery.labels(), nearest);
      return new Retrieval(own.value("r@1"), own.value("map@r"), other.value("r@1"));
    }
  }
}
