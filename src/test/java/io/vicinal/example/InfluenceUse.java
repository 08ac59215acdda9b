package io.vicinal.example;

import io.vicinal.data.FeatureSet;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Explainer;
import io.vicinal.train.TrainedHead;
import java.util.List;

/** Says which training samples hold the first wrong neighbour of a test set in its place. */
public final class InfluenceUse {
  public static List<Attribution.SampleEffect> blame(
      TrainedHead head, FeatureSet data, FeatureSet test) {
    try (Explainer explainer = Explainer.of(head, data, test)) {
      return explainer.explain(explainer.confused(1)).main().harmful(0, 3);
    }
  }
}
