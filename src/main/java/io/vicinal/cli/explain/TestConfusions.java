package io.vicinal.cli.explain;

import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.TestSet;
import io.vicinal.tensor.Tensor;
import java.util.Collection;

/** What a model's test samples are confused with, and the values of measurements on them. */
final class TestConfusions {
  private final ModelInputs model;
  private final TestSet test;
  private final Confusions confusions;

  TestConfusions(ModelInputs model, Neighbouring neighbouring) {
    this.model = model;
    Tensor features = model.test().features();
    Tensor weight = model.model().head().weight();
    test = new TestSet(model.backend(), features, model.test().labels());
    Tensor z = model.arena().allocate(weight.dtype(), features.dim(0), weight.dim(0));
    model.backend().embed(features, model.model().head(), z);
    confusions = Confusions.find(model.backend(), z, model.test().labels(), neighbouring);
  }

  static Confusions find(ModelInputs model, Neighbouring neighbouring) {
    return new TestConfusions(model, neighbouring).confusions();
  }

  Confusions confusions() {
    return confusions;
  }

  /** What is said of lone samples where there are any. */
  static String left(Confusions found) {
    int lone = found.lone();
    return lone == 1
        ? "1 test sample is the only one of its class and left out: it has no right neighbour"
        : lone
            + " test samples are each the only one of their class and left out: they have no right"
            + " neighbour";
  }

  /** Number of test samples of a class. */
  long samples(long label) {
    return test.rowsOfClass(label).length;
  }

  /** Embeddings of all rows that some measurements read, at the delivered head. */
  Embedded embedded(Collection<? extends Measurement> measurements) {
    return test.embed(model.model().head(), test.rowsOf(measurements));
  }
}
