package io.vicinal.cli.loss;

import com.google.gson.JsonObject;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/** A loss of some kind on a batch. */
interface LossRun {
  /** What gradients are taken of: embeddings, and what the loss learns, by name. */
  Map<String, Tensor> variables();

  /** Whether there is a value per sample. */
  boolean decomposes();

  /** The value with gradients. */
  Answer value();

  /**
   * The Hessian of all variables times a direction.
   *
   * @param direction a part for each variable, of its shape
   * @return the product's parts
   */
  Map<String, Tensor> product(Map<String, Tensor> direction);

  /**
   * @param loss the value
   * @param facts what else loss.json says
   * @param gradients by variable
   * @param perSample null where there is none
   * @param words what is printed of it
   */
  record Answer(
      double loss,
      JsonObject facts,
      Map<String, Tensor> gradients,
      Tensor perSample,
      String words) {}
}
