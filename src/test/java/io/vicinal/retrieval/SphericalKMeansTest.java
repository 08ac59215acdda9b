package io.vicinal.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SphericalKMeansTest {
  @AutoClose private static Backend backend;
  @AutoClose private final Arena arena = Arena.host();

  @BeforeAll
  static void open() {
    backend = Backend.cpu();
  }

  private Tensor rows(int n, int width, long seed) {
    Random random = new Random(seed);
    float[] x = new float[n * width];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return arena.of(x, n, width);
  }

  /** Directions, not distances: rows of one direction and of any length are one cluster. */
  @Test
  void lengthsDoNotMatter() {
    Random random = new Random(1);
    float[] x = new float[120 * 2];
    long[] classes = new long[120];
    for (int i = 0; i < 120; i++) {
      double angle = Math.PI * 2 / 3 * (i % 3) + random.nextGaussian() / 20;
      double length = Math.exp(3 * random.nextGaussian());
      x[2 * i] = (float) (length * Math.cos(angle));
      x[2 * i + 1] = (float) (length * Math.sin(angle));
      classes[i] = i % 3;
    }
    Tensor rows = arena.of(x, 120, 2);
    long[] found = SphericalKMeans.clusters(backend, rows, 3, 7, 10).assigned();
    assertThat(new Partitions(classes, found).nmi()).isEqualTo(1);
    assertThat(new Partitions(classes, KMeans.clusters(rows, 3, 2)).nmi()).isLessThan(0.7);
  }

  @Test
  void theSumOfCosinesNeverFallsAndIsThatOfTheClusters() {
    for (int k : new int[] {1, 2, 9, 40}) {
      Tensor x = rows(200, 6, k);
      SphericalKMeans.Result result = SphericalKMeans.clusters(backend, x, k, 3, 1);
      List<Double> objectives = result.objectives();
      for (int i = 1; i < objectives.size(); i++) {
        assertThat(objectives.get(i)).isGreaterThanOrEqualTo(objectives.get(i - 1) - 1e-4);
      }
      assertThat(Arrays.stream(result.assigned()).distinct().count()).isEqualTo(k);
      // A cluster's sum of cosines to its own direction is the length of its sum of unit rows.
      double sum = 0;
      float[] values = x.toFloats();
      for (int c = 0; c < k; c++) {
        double[] direction = new double[6];
        for (int i = 0; i < 200; i++) {
          double length = 0;
          for (int j = 0; j < 6; j++) {
            length += values[6 * i + j] * (double) values[6 * i + j];
          }
          for (int j = 0; result.assigned()[i] == c && j < 6; j++) {
            direction[j] += values[6 * i + j] / Math.sqrt(length);
          }
        }
        sum += Math.sqrt(Arrays.stream(direction).map(v -> v * v).sum());
      }
      assertThat(sum).isGreaterThanOrEqualTo(result.objective() - 1e-3);
      assertThat(sum).isCloseTo(result.objective(), offset(0.5)); // the centroids moved no more
    }
  }

  @Test
  void aSeedHasItsClustersAndMoreStartsAreNoWorse() {
    Tensor x = rows(150, 4, 11);
    double one = SphericalKMeans.clusters(backend, x, 12, 5, 1).objective();
    SphericalKMeans.Result ten = SphericalKMeans.clusters(backend, x, 12, 5, 10);
    assertThat(ten.objective()).isGreaterThanOrEqualTo(one);
    SphericalKMeans.Result again = SphericalKMeans.clusters(backend, x, 12, 5, 10);
    assertThat(again.assigned()).isEqualTo(ten.assigned());
    assertThat(again.objectives()).isEqualTo(ten.objectives());
    assertThat(SphericalKMeans.clusters(backend, x, 12, 6, 1).objective()).isNotEqualTo(one);
  }

  /** Most starts have two centroids of one direction, of which the one gets no rows. */
  @Test
  void aClusterThatHasLostItsRowsGetsTheFarthest() {
    float[] x = new float[3 * 21];
    for (int i = 0; i < 21; i++) {
      x[3 * i + i % 3] = 1 + i;
    }
    for (int seed = 0; seed < 10; seed++) {
      long[] found = SphericalKMeans.clusters(backend, arena.of(x, 21, 3), 3, seed, 1).assigned();
      assertThat(Arrays.stream(found).distinct().count()).as("seed %s", seed).isEqualTo(3);
    }
  }

  @Test
  void equalZeroAndOppositeRows() {
    assertThat(SphericalKMeans.clusters(backend, arena.of(new float[12], 6, 2), 2, 1, 2).assigned())
        .hasSize(6);
    Tensor opposite = arena.of(new float[] {1, 0, -1, 0, 2, 0, -3, 0}, 4, 2);
    long[] found = SphericalKMeans.clusters(backend, opposite, 2, 1, 3).assigned();
    assertThat(found[0]).isEqualTo(found[2]).isNotEqualTo(found[1]);
    assertThat(found[1]).isEqualTo(found[3]);
    assertThat(SphericalKMeans.clusters(backend, opposite, 1, 1, 1).assigned()).containsOnly(0);
    assertThat(SphericalKMeans.clusters(backend, rows(9, 3, 2), 9, 1, 1).assigned())
        .doesNotHaveDuplicates();
  }
}
