package io.vicinal.explain;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.Arrays;

/**
 * How heads retrieve test samples that were trained before and after labels were changed.
 * Immutable.
 *
 * @param delivered the head that was given, on the labels as they are
 * @param given one that was trained on the labels as they are
 * @param cleaned one that was trained on the cleaned labels
 */
public record Relabelled(Retrieval delivered, Retrieval given, Retrieval cleaned) {

  /** Heads on the samples that the model was trained on: what it held out may be the test set. */
  static Relabelled of(
      Backend backend,
      Subject subject,
      Relabelling relabelling,
      Relabelling.Mode mode,
      EvidenceOptions how) {
    FeatureSet test = subject.testSamples();
    RunConfig training = how.training();
    Labelled labelled = subject.labelled();
    Loss loss =
        labelled.heldOut() == 0
            ? subject.model().loss()
            : Losses.create(training.loss().name(), training.loss().params());
    HeadTraining trainer = HeadTraining.of(backend, training).withLoss(loss);
    long[] ids = Arrays.stream(labelled.trained()).asLongStream().toArray();
    try (Arena arena = new Arena(backend.memory())) {
      FeatureSet before = gallery(subject, relabelling.labels(), "given labels", arena);
      FeatureSet after = gallery(subject, relabelling.cleaned(), "cleaned labels", arena);
      Supervision hard = Supervision.hard(relabelling.classes(), relabelling.labels());
      Supervision repaired = relabelling.supervision(mode, how.seed());
      Head given = trainer.train(labelled.data().features(), hard, ids, arena);
      Head cleaned = trainer.train(labelled.data().features(), repaired, ids, arena);
      return new Relabelled(
          Retrieval.of(backend, subject.head(), test, before),
          Retrieval.of(backend, given, test, before),
          Retrieval.of(backend, cleaned, test, after));
    }
  }

  /** The training samples, with class ids as the test set has them. */
  private static FeatureSet gallery(Subject subject, long[] labels, String name, Arena arena) {
    Labelled labelled = subject.labelled();
    long[] ids =
        Arrays.stream(labelled.ofTrained(labels)).map(c -> labelled.classIds()[(int) c]).toArray();
    return new FeatureSet(subject.model().training().features(), arena.of(ids, ids.length), name);
  }
}
