package io.vicinal.example;

import io.vicinal.data.FeatureSet;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.train.TrainedHead;

/** Says which training samples hold the first wrong neighbours of a test set together. */
public final class InfluenceUse {
  public static Attributions blame(TrainedHead head, FeatureSet data, FeatureSet test) {
    try (Explainer explainer = Explainer.of(head, data, test)) {
      return explainer.explain(explainer.confused(1));
    }
  }
}
