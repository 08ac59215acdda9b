package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.program.example.MultiSimilarity;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A loss as its paper has it, with the derivatives that follow. */
class MultiSimilarityProgramTest {
  private static final double ALPHA = 2;
  private static final double BETA = 40;
  private static final double BASE = 0.5;
  private static final Program LOSS = new MultiSimilarity(ALPHA, BETA, BASE).program();
  private static final Values EMBEDDING = Values.random(21, -1, 1, 7, 3);

  /** The last one has no positive. */
  private static final Values LABELS = Values.vector(0, 1, 0, 2, 1, 0, 5);

  @Test
  void theValueIsThatOfPlainLoops() {
    double loss =
        Interpreter.run(LOSS, Map.of("embedding", EMBEDDING, "labels", LABELS))
            .get("loss")
            .scalar();
    assertThat(loss).isCloseTo(oracle(EMBEDDING, LABELS), within(1e-13));
  }

  @Test
  void gradientAndHessianVectorProductAgreeWithDifferences() {
    Differences.check(
        "multi-similarity", LOSS, "loss", Map.of("embedding", EMBEDDING, "labels", LABELS));
  }

  /** One class, and no two of a class. */
  @Test
  void emptySetsCountNothing() {
    for (Values labels : List.of(Values.vector(1, 1, 1), Values.vector(1, 2, 3))) {
      Map<String, Values> batch =
          Map.of("embedding", Values.random(22, -1, 1, 3, 2), "labels", labels);
      assertThat(Interpreter.run(LOSS, batch).get("loss").scalar())
          .isCloseTo(oracle(batch.get("embedding"), labels), within(1e-13));
      Differences.check("multi-similarity", LOSS, "loss", batch);
    }
  }

  @Test
  void aZeroRowHasDerivativeZero() {
    Program gradient = Reverse.of(LOSS, "loss", List.of("embedding"));
    Program product = Forward.of(gradient, List.of("gradient.embedding"), List.of("embedding"));
    Values embedding = Values.matrix(3, 0, 0, 1, 2, 3, -1);
    Map<String, Values> outputs =
        Interpreter.run(
            product,
            Map.of(
                "embedding", embedding,
                "labels", Values.vector(4, 4, 5),
                "direction.embedding", Values.random(23, -1, 1, 3, 2)));
    for (String name : List.of("gradient.embedding", "tangent.gradient.embedding")) {
      double[] values = outputs.get(name).data();
      assertThat(values).as(name).doesNotContain(Double.NaN);
      assertThat(values[0] == 0 && values[1] == 0).as(name).isTrue();
      assertThat(values[2]).as(name).isNotZero();
    }
  }

  /** Scores, then one product for the gradient, and one, one and one more for its tangent. */
  @Test
  void gramMatricesTakeOneProduct() {
    Program gradient = Reverse.of(LOSS, "loss", List.of("embedding"));
    Program product = Forward.of(gradient, List.of("gradient.embedding"), List.of("embedding"));
    assertThat(products(LOSS)).isEqualTo(1);
    assertThat(products(gradient)).isEqualTo(2);
    assertThat(products(product)).isEqualTo(5);
  }

  private static long products(Program program) {
    return program.nodes().stream().filter(x -> x.operation() == Operation.MATMUL).count();
  }

  private static double oracle(Values x, Values labels) {
    int count = x.shape()[0];
    double loss = 0;
    for (int i = 0; i < count; i++) {
      double near = 1;
      double far = 1;
      for (int j = 0; j < count; j++) {
        if (labels.at(i) != labels.at(j)) {
          far += Math.exp(BETA * (cosine(x, i, j) - BASE));
        } else if (i != j) {
          near += Math.exp(-ALPHA * (cosine(x, i, j) - BASE));
        }
      }
      loss += (Math.log(near) / ALPHA + Math.log(far) / BETA) / count;
    }
    return loss;
  }

  private static double cosine(Values x, int i, int j) {
    return inner(x, i, j) / Math.sqrt(inner(x, i, i) * inner(x, j, j));
  }

  private static double inner(Values x, int i, int j) {
    double sum = 0;
    for (int k = 0; k < x.shape()[1]; k++) {
      sum += x.at(i, k) * x.at(j, k);
    }
    return sum;
  }
}
