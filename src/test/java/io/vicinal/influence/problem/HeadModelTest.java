package io.vicinal.influence.problem;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.loss.SoftTriple;
import io.vicinal.tensor.Arena;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Features, labels, head and loss that do not belong together are refused by name. */
class HeadModelTest {
  @AutoClose private final Arena arena = Arena.host();

  /** Three features, an embedding of two. */
  private HeadModel model(Loss loss, int features, int proxies, int width, long... labels) {
    FeatureSet set =
        new FeatureSet(
            arena.of(new double[labels.length * features], labels.length, features),
            arena.of(labels, labels.length),
            "x.npy");
    return new HeadModel(
        loss,
        set,
        new HeadTensors(
            arena.of(new double[6], 2, 3),
            null,
            arena.of(new double[proxies * width], proxies, width)));
  }

  @Test
  void classesAreCountedByTheProxies() {
    HeadModel model = model(new NormalizedSoftmax(1), 3, 4, 2, 0, 3, 1);
    assertThat(model.classes()).isEqualTo(4);
    assertThat(model.samples()).isEqualTo(3);
    assertThat(model(new SoftTriple(1, 1, 0, 0, 2), 3, 4, 2, 0, 1).classes()).isEqualTo(2);
  }

  @Test
  void aLabelWithoutAProxyIsNamed() {
    refused(
        () -> model(new NormalizedSoftmax(1), 3, 4, 2, 0, 1, 4),
        "x.npy: sample 2 has label 4",
        "classes 0..3");
    assertThatThrownBy(() -> model(new SoftTriple(1, 1, 0, 0, 2), 3, 4, 2, 0, 2))
        .hasMessageContaining("sample 1 has label 2")
        .hasMessageContaining("classes 0..1");
  }

  @Test
  void aHeadOfOtherFeaturesOrAnotherLossIsNamed() {
    refused(() -> model(new NormalizedSoftmax(1), 5, 4, 2, 0, 1), "5 columns");
    refused(() -> model(new NormalizedSoftmax(1), 3, 4, 3, 0, 1), "proxies");
    refused(() -> model(new SoftTriple(1, 1, 0, 0, 3), 3, 4, 2, 0, 1), "3 centres per class");
  }

  @Test
  void theFirstFeatureThatIsNoNumberIsNamed() {
    double[] x = {1, 2, 3, 4, Double.NEGATIVE_INFINITY, Double.NaN};
    FeatureSet set = new FeatureSet(arena.of(x, 2, 3), arena.of(new long[] {0, 1}, 2), "x.npy");
    HeadTensors head =
        new HeadTensors(arena.of(new double[6], 2, 3), null, arena.of(new double[4], 2, 2));
    HeadModel model = new HeadModel(new NormalizedSoftmax(1), set, head);
    try (Backend backend = Backend.cpu()) {
      refused(
          () -> model.training().checkFinite(backend), "x.npy: features[1, 1] is NaN or infinite");
    }
  }
}
