package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.noise.DoubtedClass;
import io.vicinal.curate.noise.LabelDoubts;
import io.vicinal.curate.noise.Plateau;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.explain.Mislabelled;
import io.vicinal.explain.Suspicion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What {@code mislabel} and {@code relabel} say alike about the labels they looked at. Stateless.
 */
final class Audits {
  private static final int FEW = 300; // of these 100 are sure, and a tenth of them is 10 +- 3

  private Audits() {}

  /** The one sentence on how many are suspected. */
  static String sentence(LabelAudit audit) {
    int suspected = audit.suspects().length;
    if (!audit.isTold()) {
      return Text.say(
          suspected == 0
              ? "0 of %2$,d labels are listed: how many are wrong cannot be told. --suspects K lists the"
                  + " first K by %3$s."
              : "%,d of %,d labels are listed as suspects, the first by %s; how many are wrong cannot be"
                  + " told.",
          suspected,
          audit.samples(),
          audit.main());
    }
    return suspected == 0
        ? Text.say(
            "0 of %,d labels are suspected; fewer than one is expected to be wrong.",
            audit.samples())
        : Text.say(
            "%,d of %,d labels %s suspected, the first by %s; %,.0f %s expected to be wrong.",
            suspected,
            audit.samples(),
            suspected == 1 ? "is" : "are",
            audit.main(),
            audit.expectedWrong(),
            Math.round(audit.expectedWrong()) == 1 ? "is" : "are");
  }

  /**
   * Whether held-out samples were looked at; nothing where none was held out.
   *
   * @param sentence with the number of samples looked at and of those held out
   */
  static Optional<String> heldOut(ModelInputs model, int looked, String sentence) {
    int heldOut = model.subject().labelled().heldOut();
    return heldOut == 0 ? Optional.empty() : Optional.of(Text.say(sentence, looked, heldOut));
  }

  /** Which head it is where none was named. */
  static Optional<String> trainedHere(ModelInputs model, String forWhat) {
    return model.isTrainedHere()
        ? Optional.of(
            Text.say(
                "No head was named: a %s head is trained on the given labels for %s.",
                model.subject().model().loss().name(), forWhat))
        : Optional.empty();
  }

  /** What the reader has to know about what was looked at. */
  static List<String> remarks(ModelInputs model, Mislabelled found) {
    List<String> remarks = new ArrayList<>();
    int samples = found.audit().samples();
    LabelDoubts doubts = found.doubts();
    heldOut(
            model,
            samples,
            "All %,d labels are looked at, those of the %,d samples held out for validation too.")
        .ifPresent(remarks::add);
    trainedHere(model, "the detectors that look at one").ifPresent(remarks::add);
    if (doubts.alone() > 0) {
      remarks.add(
          Text.say(
              "%,d %s the only one of its class: nothing can be said about its label without it, so"
                  + " only aum and the head rank it, and nothing is proposed.",
              doubts.alone(), doubts.alone() == 1 ? "sample is" : "samples are each"));
    }
    if (samples < FEW) {
      remarks.add(
          Text.say(
              "%,d samples are few: the expected numbers are read off the surest predictions, and"
                  + " may be wrong by half.",
              samples));
    }
    if (doubts.copies() > 0) {
      remarks.add(
          Text.say(
              "%,d %s of an earlier one with another label: one label of each pair is wrong, or the"
                  + " features do not tell these classes apart.",
              doubts.copies(),
              doubts.copies() == 1 ? "sample is an exact copy" : "samples are exact copies"));
    }
    told(model, found).ifPresent(remarks::add);
    Suspicion suspicion = found.suspicion();
    suspicion.leftOut().forEach((name, why) -> remarks.add(name + " is left out: " + why + "."));
    if (!suspicion.ofHead().isEmpty()) {
      remarks.add(
          Text.say(
              "%s: of the head, so they rank only the %,d samples that it was trained on, not the"
                  + " %,d that were held out.",
              String.join(", ", suspicion.ofHead()),
              model.subject().labelled().trained().length,
              model.subject().labelled().heldOut()));
    }
    suspicion.dampings().forEach((name, damping) -> remarks.add(Summary.said(damping, name)));
    return remarks;
  }

  /** What is not known about the rate of wrong labels. */
  private static Optional<String> told(ModelInputs model, Mislabelled found) {
    Plateau plateau = found.doubts().plateau();
    if (plateau != null) {
      return Optional.of(
          Text.say(
              "These features tell the classes apart too weakly to know wrong labels from classes that"
                  + " overlap: held out, %.0f %% are predicted as labelled, of the surest tenth %.0f %%."
                  + " No label is changed unless relabel is given a --threshold, and nothing is promised"
                  + " then; the suspects are listed in order.",
              100 * plateau.accord(), 100 * plateau.surest()));
    }
    List<DoubtedClass> doubted = found.doubts().classes();
    if (doubted.isEmpty()) {
      return Optional.empty();
    }
    DoubtedClass first = doubted.get(0);
    return Optional.of(
        Text.say(
            "Of the %,d surest predictions of %s %,d are labelled otherwise, more than the expected"
                + " rate explains%s: more labels may be wrong there, or the class overlaps; --suspects %d"
                + " lists more.",
            first.sure(),
            model.subject().className(model.subject().labelled(), first.label()),
            first.contradicted(),
            doubted.size() == 1
                ? ""
                : " (so are "
                    + Text.count(doubted.size() - 1, "other class", "other classes")
                    + ")",
            Math.min(
                found.audit().samples(),
                Math.round(found.audit().expectedWrong())
                    + doubted.stream().mapToLong(DoubtedClass::wrong).sum())));
  }

  /** The same facts in every summary. */
  static void addTo(JsonObject summary, LabelAudit audit, List<String> remarks) {
    summary.addProperty("checked", audit.samples());
    summary.addProperty("suspects", audit.suspects().length);
    summary.addProperty("suspects_by", audit.main());
    summary.addProperty("plateau", audit.isTold());
    summary.addProperty("expected_wrong", audit.isTold() ? audit.expectedWrong() : Double.NaN);
    summary.add("remarks", JsonFile.tree(remarks));
  }
}
