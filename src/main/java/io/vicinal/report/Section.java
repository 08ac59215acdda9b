package io.vicinal.report;

import io.vicinal.influence.verify.Badge;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A part of the page. A part whose data is missing is left out by not adding it; inside a part,
 * lists may be empty and what is documented so may be null. {@code lead} is a sentence or two in
 * the reader's words: what was found here, or null.
 */
public sealed interface Section {
  /** The name by which the page finds what draws it: the record's without its ending. */
  default String type() {
    return type(getClass());
  }

  /** That of a kind of sections. */
  static String type(Class<?> kind) {
    return kind.getSimpleName().replaceFirst("Section$", "");
  }

  /**
   * What the page says first.
   *
   * @param sentence the result in one sentence
   * @param findings further sentences
   * @param figures the few numbers that matter most
   * @param command what to run next, as a whole line; or null
   */
  record Headline(String sentence, List<String> findings, List<Fact> figures, String command)
      implements Section {
    /** Without a next command. */
    public Headline(String sentence, List<String> findings, List<Fact> figures) {
      this(sentence, findings, figures, null);
    }
  }

  /**
   * How well the models retrieve.
   *
   * @param lead or null
   * @param stages the compared models, such as "before noise", "noisy", "repaired"
   * @param against for each the one that its changes are told against, -1 for none
   * @param rows one per metric
   * @param charts such as recall at k, one curve per stage
   */
  record RetrievalSection(
      String lead,
      List<String> stages,
      List<Integer> against,
      List<Metric> rows,
      List<Chart> charts)
      implements Section {
    /** Every column but the first is compared with the one before. */
    public RetrievalSection(
        String lead, List<String> stages, List<Metric> rows, List<Chart> charts) {
      this(
          lead,
          stages,
          IntStream.range(0, stages.size()).mapToObj(i -> i - 1).toList(),
          rows,
          charts);
    }
  }

  /**
   * A row of the retrieval table.
   *
   * @param name "R@1"
   * @param values in 0..1, one per stage, NaN where it was not measured
   */
  record Metric(String name, List<Double> values) {}

  /**
   * The worst confusions and who is to blame.
   *
   * @param lead or null
   * @param items worst first
   */
  record ConfusionsSection(String lead, List<Confusion> items) implements Section {}

  /**
   * One confusion: a pair of test samples, or the pairs of a class.
   *
   * @param name "query 412", "class 8, taken for 3"
   * @param pairs queries with their wrong neighbour, the first ones
   * @param all how many there are
   * @param unit of the effects: "squared distance"
   * @param sentences what the effects mean, from {@link Words}
   * @param harmful removing them moves the confused apart, strongest first
   * @param helpful removing them moves the confused together, strongest first
   * @param raised what removing a harmful one raises, where that is not the distance of the pairs;
   *     or null
   * @param moved what re-convergence did to the measurement before any effect, in words, or null
   * @param badge of the explanation as a whole, or null
   * @param rests what the badge rests on and what speaks against it, or null
   */
  record Confusion(
      String name,
      List<WrongNeighbour> pairs,
      int all,
      String unit,
      List<String> sentences,
      List<Effect> harmful,
      List<Effect> helpful,
      String raised,
      String moved,
      Badge badge,
      String rests) {
    /** Needs a pair to show. */
    public Confusion {
      if (pairs.isEmpty()) {
        throw new IllegalArgumentException(name + ": a confusion without a pair");
      }
    }
  }

  /**
   * A query and its wrong neighbour.
   *
   * @param distance between them, squared
   */
  record WrongNeighbour(Sample query, Sample neighbour, double distance) {}

  /**
   * Who finds wrong labels.
   *
   * @param lead or null
   * @param curves found share of the wrong labels by inspected share, one per detector; or null
   *     where the noise is not known
   * @param detectors the table, best first
   * @param suspects the most suspicious samples
   */
  record Detection(String lead, Chart curves, List<DetectorRow> detectors, List<Suspect> suspects)
      implements Section {}

  /**
   * A detector's numbers.
   *
   * @param auc area under the ROC curve
   * @param averagePrecision area under the precision-recall curve
   * @param precisionAtBudget share of wrong labels among the first {@code budget}
   * @param budget that was inspected
   */
  record DetectorRow(
      String name, double auc, double averagePrecision, double precisionAtBudget, long budget) {}

  /**
   * A sample whose label is doubted.
   *
   * @param score of the detector, the higher the more suspicious
   */
  record Suspect(Sample sample, double score) {}

  /**
   * Proposed labels.
   *
   * @param lead or null
   * @param facts such as the accuracy by both rules
   * @param proposals the surest first
   */
  record RelabellingSection(String lead, List<Fact> facts, List<ProposedLabel> proposals)
      implements Section {}

  /**
   * A proposed label.
   *
   * @param sample with the label that it carries, and the clean one where it is known
   * @param proposed the label it should carry, or null for none of the classes
   * @param probability of the proposal, in 0..1
   * @param taken whether it is made, rather than left to a person
   * @param effect what the change would do, in words, or null
   * @param badge of the effect, or null
   */
  record ProposedLabel(
      Sample sample,
      String proposed,
      double probability,
      boolean taken,
      String effect,
      Badge badge) {}

  /**
   * Every doubted label, for a person to decide on.
   *
   * @param lead or null
   * @param key of the decisions in the browser's memory: that of the labels and their classes
   * @param madeFor by which the labels are known again that the decisions are made for
   * @param classes that a label can become
   * @param suspects those that are left to a person first, then the most suspicious first
   * @param apply the command that takes the file of decisions
   */
  record Review(
      String lead,
      String key,
      String madeFor,
      List<ClassLabel> classes,
      List<Doubted> suspects,
      String apply)
      implements Section {}

  /**
   * A class.
   *
   * @param label its number
   * @param name what the reader calls it
   * @param text its name as it was given, or null if it has none
   */
  record ClassLabel(String label, String name, String text) {}

  /**
   * A label that is doubted.
   *
   * @param position in the dataset
   * @param name of the sample as it was given, or null
   * @param label it carries, a {@link ClassLabel#label}
   * @param labelProbability of its being right, in 0..1
   * @param proposed likewise a label, or null where no other class is
   * @param probability of the proposal
   * @param second the likeliest class beside these, or null
   * @param secondProbability of that
   * @param suggestion "accept", "keep", or in other words why it is left to a person
   */
  record Doubted(
      Sample sample,
      long position,
      String name,
      String label,
      double labelProbability,
      String proposed,
      double probability,
      String second,
      double secondProbability,
      String suggestion) {}

  /**
   * The embedding in the plane.
   *
   * @param lead or null
   * @param classes names by class
   * @param points the samples, in the order of the projections' coordinates
   * @param projections such as PCA and UMAP
   */
  record EmbeddingMap(
      String lead, List<String> classes, List<Point> points, List<Projection> projections)
      implements Section {
    /** Every point has its place in every projection, of which there is at least one. */
    public EmbeddingMap {
      int n = points.size();
      if (projections.isEmpty()
          || !projections.stream().allMatch(p -> p.x().length == n && p.y().length == n)) {
        throw new IllegalArgumentException("a projection without places for " + n + " points");
      }
    }
  }

  /**
   * A sample on the map.
   *
   * @param classIndex row of {@link EmbeddingMap#classes}
   * @param mark why it stands out: "wrong label", "harmful"; or null
   */
  record Point(Sample sample, int classIndex, String mark) {}

  /**
   * One way to lay the samples out.
   *
   * @param name "UMAP"
   * @param note "trustworthiness 0.97"; or null
   */
  record Projection(String name, String note, double[] x, double[] y) {}

  /**
   * Whether the linear algebra can be trusted.
   *
   * @param lead or null
   * @param facts damping, conditioning, products, residuals
   * @param charts the ends of the spectrum, residuals by query
   * @param warnings what the reader should know before acting
   */
  record Health(String lead, List<Fact> facts, List<Chart> charts, List<String> warnings)
      implements Section {}

  /**
   * Predicted effects against those of solving again.
   *
   * @param lead or null
   * @param unit of both
   * @param predicted one per experiment
   * @param actual the same
   * @param names of the experiments
   * @param facts Pearson, Spearman, size error, linear datamodeling score
   * @param charts such as the brittleness curve
   */
  record VerificationSection(
      String lead,
      String unit,
      double[] predicted,
      double[] actual,
      List<String> names,
      List<Fact> facts,
      List<Chart> charts)
      implements Section {
    /** Both changes of every experiment. */
    public VerificationSection {
      if (predicted.length != actual.length) {
        throw new IllegalArgumentException(
            predicted.length + " predicted, " + actual.length + " actual changes");
      }
    }
  }

  /**
   * How many classes fall into each category of the field study.
   *
   * @param lead or null
   * @param facts such as the share of samples with another recommendation
   * @param categories names
   * @param rules one row of counts per rule
   */
  record Field(String lead, List<Fact> facts, List<String> categories, List<Counts> rules)
      implements Section {}

  /** A row of counts. */
  record Counts(String name, List<Long> values) {}

  /**
   * The worst classes of several models.
   *
   * @param lead or null
   * @param models names of the columns
   * @param classes names of the rows
   * @param ranks by class and model, 1 for the worst, 0 for not among the worst
   * @param facts mean overlaps
   */
  record WorstClasses(
      String lead, List<String> models, List<String> classes, int[][] ranks, List<Fact> facts)
      implements Section {}

  /**
   * What is wrong with a dataset.
   *
   * @param lead or null
   * @param groups worst first
   */
  record Findings(String lead, List<FindingGroup> groups) implements Section {}

  /**
   * Findings of one kind.
   *
   * @param name "same-other-label"
   * @param severity "error", "warning" or "note"
   * @param advice what to do
   * @param all how many there are
   * @param cards the first ones
   */
  record FindingGroup(
      String name, String severity, String advice, int all, List<FindingCard> cards) {}

  /**
   * One finding.
   *
   * @param sample it is about; its label is null where it is no sample
   * @param other the sample that it is compared with, or null
   * @param detail what was found
   */
  record FindingCard(Sample sample, Sample other, String detail) {}
}
