package io.vicinal.curate.reweight;

import io.vicinal.backend.Backend;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What another head does to measurements and to retrieval, on the same test rows: distances may
 * grow while retrieval suffers, so both are told. Immutable.
 *
 * @param query its id
 * @param before the measurement under the delivered head, in its unit
 * @param after under the new one
 * @param recallBefore R@1 of all test rows among themselves by cosine, under the delivered head
 * @param recallAfter under the new one
 */
public record BeforeAfter(
    String query, double before, double after, double recallBefore, double recallAfter) {
  /** Change of the measurement. */
  public double change() {
    return after - before;
  }

  /** Measures queries under two heads. */
  public static List<BeforeAfter> of(
      Backend backend, TestSet test, List<Query> queries, Head before, Head after) {
    double recallBefore = recall(backend, test, before);
    double recallAfter = recall(backend, test, after);
    List<BeforeAfter> rows = new ArrayList<>();
    for (Query query : queries) {
      rows.add(
          new BeforeAfter(
              query.id(),
              test.value(query.measurement(), before.tensors()),
              test.value(query.measurement(), after.tensors()),
              recallBefore,
              recallAfter));
    }
    return rows;
  }

  /** R@1 of test rows among themselves, by cosine. */
  public static double recall(Backend backend, TestSet test, Head head) {
    try (Arena arena = new Arena(backend.memory())) {
      Tensor z = head.embed(backend, test.features(), arena);
      long[] labels = test.labels();
      EvaluationOptions options =
          EvaluationOptions.of("r@1").withNormalize(true).withPerClass(false);
      return new Evaluator(backend)
          .evaluate(z, arena.of(labels, labels.length), options)
          .value("r@1");
    }
  }
}
