package io.vicinal.example;

import io.vicinal.program.Expr;
import io.vicinal.program.Graph;
import io.vicinal.program.NormalisedBatch;
import io.vicinal.program.Slide;

/** The first layers of a network. */
public final class FirstLayersUse {
  private FirstLayersUse() {}

  /** Of 28 x 28 pictures: convolution, normalisation, relu, pool. */
  public static Expr features(Graph graph) {
    Expr image = graph.real("image", "N", "28", "28", "1");
    Expr weight = graph.real("conv1.weight", "32", "1", "3", "3");
    NormalisedBatch batch =
        image
            .convolve(weight, Slide.PLAIN.padding(1))
            .normaliseBatch(graph.real("bn1.weight", "32"), graph.real("bn1.bias", "32"), 1e-5);
    return batch.value().relu().maxPool(2, 2, Slide.by(2)); // [N, 14, 14, 32]
  }
}
