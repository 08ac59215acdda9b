package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * The model that is explained: a delivered head over the cached features that it was trained on,
 * and its loss. Immutable; its tensors are borrowed.
 *
 * @param loss the training loss
 * @param training features X [N, D] and labels [N], each the row of a class among the proxies,
 *     0..C-1
 * @param head the delivered weight [d, D], bias [d] or null, proxies [C*K, d], of the features'
 *     type
 */
public record HeadModel(Loss loss, FeatureSet training, HeadTensors head) {
  private static final double LONGEST = 1e30; // squared lengths whose sums float32 can hold
  private static final double SHORTEST = 1e-30;

  /**
   * @throws InputException if the head does not fit the features, their type or the loss, or a
   *     label has no proxy
   */
  public HeadModel {
    long width = training.width();
    if (head.weight().shape().rank() != 2 || head.weight().dim(1) != width) {
      throw new InputException(
          "head: weight is "
              + head.weight()
              + ", but the features have "
              + width
              + " columns;"
              + " give the head that was trained on these features");
    }
    if (head.weight().dtype() != training.features().dtype()) {
      throw new InputException(
          training.name()
              + ": the features are "
              + training.features().dtype()
              + ", but the head is "
              + head.weight().dtype()
              + "; give features of the head's type");
    }
    if (head.proxies().dim(1) != head.weight().dim(0)
        || head.proxies().dim(0) % loss.centers() != 0) {
      throw new InputException(
          "head: proxies are "
              + head.proxies()
              + ", which does not fit weight "
              + head.weight()
              + " and "
              + loss.centers()
              + " centres per class; check the loss and its parameters");
    }
    long classes = head.proxies().dim(0) / loss.centers();
    long[] labels = training.labels().toLongs();
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] >= classes) {
        throw new InputException(
            training.name()
                + ": sample "
                + i
                + " has label "
                + labels[i]
                + ", but the head has proxies for classes 0.."
                + (classes - 1)
                + "; remove it or give the head that knows it");
      }
    }
  }

  /** C, the number of classes that have proxies. */
  public long classes() {
    return head.proxies().dim(0) / loss.centers();
  }

  /**
   * The loss over the training samples.
   *
   * @param features the model's, in any basis
   * @param weights of the samples, or null for ones
   */
  EmpiricalLoss loss(Backend backend, Tensor features, Tensor weights) {
    Targets targets = new Targets(training.labels(), weights, null);
    return new EmpiricalLoss(backend, loss.spec(), classes(), features, targets);
  }

  /** N, the number of training samples. */
  public long samples() {
    return training.samples();
  }

  /**
   * Checks that the squared lengths of the features, which curvature is made of, are numbers of a
   * type.
   *
   * @throws InputException naming the first row that is too long, or that all rows are too short
   */
  public void checkLengths(DType type) {
    if (type == DType.F64) {
      return;
    }
    Tensor x = training.features();
    double largest = 0;
    for (long i = 0; i < x.dim(0); i++) {
      double square = 0;
      for (double value : x.rows(i, i + 1).toDoubles()) {
        square += value * value;
      }
      largest = Math.max(largest, square);
      if (square > LONGEST) {
        throw unfit("row " + i + " has the length " + (float) Math.sqrt(square));
      }
    }
    if (largest > 0 && largest < SHORTEST) {
      throw unfit("no row is longer than " + (float) Math.sqrt(largest));
    }
  }

  private InputException unfit(String what) {
    return new InputException(
        training.name()
            + ": "
            + what
            + ", and float32 cannot hold the squares that curvature is made of; use --dtype float64,"
            + " or scale the features and train again");
  }
}
