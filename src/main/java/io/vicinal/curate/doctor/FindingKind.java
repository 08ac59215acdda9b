package io.vicinal.curate.doctor;

import java.util.Locale;

/** What can be found, in the order in which it is best looked at. */
public enum FindingKind {
  /** A listed sample that cannot be one. */
  NO_SAMPLE(Severity.ERROR, "repair the list or the folder"),
  /** A file that is no picture, or a broken one. */
  UNREADABLE(Severity.ERROR, "fetch it again, or leave it out"),
  /** A picture whose end is missing. */
  TRUNCATED(Severity.ERROR, "fetch it again, or leave it out"),
  /** Features that are not the dataset's. */
  FEATURE_COUNT(Severity.ERROR, "make the features again from this dataset"),
  /** A row with NaN or infinity. */
  FEATURE_NOT_FINITE(Severity.ERROR, "make these rows again"),
  /** The same picture under two labels. */
  SAME_OTHER_LABEL(Severity.ERROR, "one label is wrong: decide which"),
  /** The same picture in two splits. */
  SAME_OTHER_SPLIT(Severity.ERROR, "results are too good: take it out of training"),
  /** Nearly the same picture under two labels. */
  NEAR_OTHER_LABEL(Severity.WARNING, "look at both: likely a wrong label"),
  /** Nearly the same picture in two splits. */
  NEAR_OTHER_SPLIT(Severity.WARNING, "look at both: likely the same scene"),
  /** The same picture twice, of one class in one split. */
  SAME(Severity.WARNING, "keep one of them"),
  /** Class names that differ in case, spaces or Unicode form. */
  LABEL_SPELLING(Severity.WARNING, "write both alike: they are two classes now"),
  /** A rare class name that differs from a frequent one by a letter or two. */
  LABEL_TYPO(Severity.WARNING, "likely mistyped: rename the rare one"),
  /** A file whose name promises another format. */
  MISNAMED(Severity.WARNING, "rename it: other tools go by the name"),
  /** A picture that is no sample because of its name or format. */
  LEFT_OUT(Severity.WARNING, "rename or convert it, or move it away"),
  /** A picture of very few pixels. */
  TINY(Severity.WARNING, "look: likely a thumbnail or a placeholder"),
  /** A picture of very many pixels. */
  HUGE(Severity.WARNING, "shrink it: decoding costs more than training"),
  /** A picture without contents. */
  EMPTY(Severity.WARNING, "look: likely blank, or a placeholder"),
  /** A dark picture. */
  DARK(Severity.WARNING, "look: likely underexposed"),
  /** A picture without edges. */
  BLURRED(Severity.WARNING, "look: likely out of focus"),
  /** A class with one sample in its split. */
  ONE_SAMPLE(Severity.WARNING, "add samples, or leave the class out: it has no pair"),
  /** A class with fewer samples than a batch takes. */
  FEW_SAMPLES(Severity.WARNING, "add samples, or lower the samples per class"),
  /** A class that is tested and never trained, where splits share classes. */
  TEST_ONLY(Severity.WARNING, "move some of its samples to training"),
  /** A row of zeros. */
  FEATURE_ZERO(Severity.WARNING, "make these rows again: they have no direction"),
  /** A feature with one value. */
  FEATURE_CONSTANT(Severity.WARNING, "harmless, unless they are many: then the layer is dead"),
  /** Rows of two kinds. */
  FEATURE_MIXED(Severity.WARNING, "likely two models or one half normalised: make them again"),
  /** Nearly the same picture, of one class in one split. */
  NEAR(Severity.NOTE, "keep one of a series, or all"),
  /** A picture without colour among coloured ones. */
  GREY(Severity.NOTE, "nothing, if colour does not tell the classes apart"),
  /** A picture that stands upright only by its EXIF data. */
  ROTATED(Severity.NOTE, "nothing here; tools that ignore EXIF see it turned"),
  /** Classes of very different sizes. */
  IMBALANCE(Severity.NOTE, "draw batches by class: sampler.name=balanced"),
  /** A class that is trained and never tested, where splits share classes. */
  TRAIN_ONLY(Severity.NOTE, "nothing: it is learnt and not measured"),
  /** Classes that splits share, or not. */
  SPLITS(Severity.NOTE, "nothing: a fact"),
  /** Rows that are not of unit length. */
  FEATURE_NORMS(Severity.NOTE, "compare them with --normalize"),
  /** What the dataset's format says. */
  DATASET(Severity.NOTE, "read it once");

  /** What a finding is about. */
  public enum About {
    /** A sample. */
    SAMPLE,
    /** A file that is no sample. */
    FILE,
    /** A class, by its name. */
    CLASS,
    /** The dataset, or its features. */
    WHOLE
  }

  private final Severity severity;
  private final String advice;

  FindingKind(Severity severity, String advice) {
    this.severity = severity;
    this.advice = advice;
  }

  /** As users read it: {@code same-other-label}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** How bad it is. */
  public Severity severity() {
    return severity;
  }

  /** What to do about it, in a few words. */
  public String advice() {
    return advice;
  }

  /** What its findings are about. */
  public About about() {
    return switch (this) {
      case NO_SAMPLE, LEFT_OUT -> About.FILE;
      case LABEL_SPELLING, LABEL_TYPO, ONE_SAMPLE, FEW_SAMPLES, TEST_ONLY, TRAIN_ONLY ->
          About.CLASS;
      case IMBALANCE,
          SPLITS,
          DATASET,
          FEATURE_COUNT,
          FEATURE_CONSTANT,
          FEATURE_MIXED,
          FEATURE_NORMS ->
          About.WHOLE;
      default -> About.SAMPLE;
    };
  }
}
