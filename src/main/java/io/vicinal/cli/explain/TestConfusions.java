package io.vicinal.cli.explain;

import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.TestSet;
import java.util.Collection;

/** What a model's test samples are confused with, and the values of measurements on them. */
final class TestConfusions {
  private final ModelInputs model;
  private final TestSet test;
  private final Confusions confusions;

  TestConfusions(ModelInputs model, Neighbouring neighbouring) {
    this.model = model;
    test = model.subject().testSet(model.backend());
    confusions = model.subject().confusions(model.backend(), neighbouring);
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
    return test.embed(model.subject().model().head(), test.rowsOf(measurements));
  }
}
