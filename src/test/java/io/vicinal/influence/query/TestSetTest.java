package io.vicinal.influence.query;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Embeddings of chosen rows, and gradients by the weight written out. */
class TestSetTest {
  private static final int T = 9;
  private static final int D = 6;
  private static final int WIDTH = 4;
  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();
  private final Xoshiro random = new Xoshiro(1);
  private double[] x;
  private double[] w;
  private HeadTensors head;
  private TestSet test;

  private double[] normal(int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextGaussian();
    }
    return values;
  }

  @BeforeEach
  void open() {
    x = normal(T * D);
    w = normal(WIDTH * D);
    head = new HeadTensors(arena.of(w, WIDTH, D), arena.of(normal(WIDTH), WIDTH), null);
    test =
        new TestSet(
            backend, arena.of(x, T, D), arena.of(new long[] {5, 5, 5, 2, 2, 2, 0, 0, 5}, T));
  }

  @Test
  void embedsTheRowsThatAreAskedFor() {
    Embedded some = test.embed(head, new long[] {2, 7});
    double[] bias = head.bias().toDoubles();
    for (int a = 0; a < WIDTH; a++) {
      double sum = bias[a];
      for (int b = 0; b < D; b++) {
        sum += w[a * D + b] * x[7 * D + b];
      }
      assertThat(some.raw(7)[a]).isCloseTo(sum, offset(1e-14));
    }
    assertThatThrownBy(() -> some.raw(3)).isInstanceOf(IllegalArgumentException.class);
    assertThat(test.rowsOfClass(5)).containsExactly(0, 1, 2, 8);
    assertThat(test.rowsOf(List.of(new PairDistance(7, 2), new PairDistance(2, 3))))
        .containsExactly(2, 3, 7);
    refused(() -> test.rowsOf(List.of(new PairDistance(1, 9))), "no test row 9");
  }

  @Test
  void singlePrecisionFeaturesAreEmbeddedInDouble() {
    Tensor single = arena.allocate(DType.F32, T, D);
    single.copyFrom(arena.of(x, T, D));
    Tensor weight = arena.allocate(DType.F32, WIDTH, D);
    weight.copyFrom(head.weight());
    TestSet other = new TestSet(backend, single, arena.of(new long[T], T));
    float[] f = single.toFloats();
    float[] v = weight.toFloats();
    double sum = 0;
    for (int b = 0; b < D; b++) {
      sum += (double) v[b] * f[3 * D + b];
    }
    Embedded embedded = other.embed(new HeadTensors(weight, null, null), new long[] {3});
    assertThat(embedded.raw(3)[0]).isCloseTo(sum, offset(1e-14));
  }

  @Test
  void gradientByTheWeightIsThatOfCentralDifferences() {
    long[] all = LongStream.range(0, test.rows()).toArray();
    for (Measurement m :
        List.of(
            new PairDistance(1, 6),
            new ClassConfusion("classes", test.rowsOfClass(2), test.rowsOfClass(0)),
            new SmoothedRecall(2, 0.05, 0.25, all, all, test.labels()))) {
      Tensor gradient = arena.allocate(DType.F64, WIDTH, D);
      test.expand(TestSet.gradient(m, test.embed(head, m.rows())), gradient);
      double[] analytic = gradient.toDoubles();
      for (int i = 0; i < w.length; i++) {
        double above = value(m, i, 1e-5);
        double below = value(m, i, -1e-5);
        assertThat(analytic[i]).isCloseTo((above - below) / 2e-5, offset(5e-9));
      }
    }
  }

  private double value(Measurement m, int i, double step) {
    double[] moved = w.clone();
    moved[i] += step;
    return test.value(m, new HeadTensors(arena.of(moved, WIDTH, D), head.bias(), null));
  }

  @Test
  void notFiniteIsNamed() {
    x[4 * D + 1] = Double.NaN;
    refused(() -> new TestSet(backend, arena.of(x, T, D), arena.of(new long[T], T)), "[4, 1]");
    refused(() -> new TestSet(backend, arena.of(x, T, D), arena.of(new long[2], 2)), "test labels");
  }
}
