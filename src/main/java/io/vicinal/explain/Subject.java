package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Names;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.TestSet;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What is explained: a head with the samples that it was trained on and the test samples that it
 * confuses, and what the user calls them. Inside, samples and classes have numbers of their own;
 * here these become positions in the data set and class ids. Immutable; its tensors are borrowed.
 *
 * @param model the head, its loss and training samples
 * @param positions of the training samples in the data set, ascending
 * @param classIds the user's class of each class of the model
 * @param labels class ids of all samples of the data set
 * @param labelled samples whose labels can be looked at, those held out among them
 * @param test the test samples, with class ids as labels and their own names; or null
 * @param classNames by class id, or none
 * @param sampleNames by position in the data set, or none
 */
public record Subject(
    HeadModel model,
    long[] positions,
    long[] classIds,
    long[] labels,
    Labelled labelled,
    FeatureSet test,
    Names classNames,
    Names sampleNames) {

  /**
   * @throws InputException if the test features are not of the head's type and width
   */
  public Subject {
    Tensor weight = model.head().weight();
    if (test != null
        && (test.features().dtype() != weight.dtype() || test.width() != weight.dim(1))) {
      throw new InputException(
          test.name()
              + ": the test features are "
              + test.features()
              + ", but the head takes "
              + weight.dtype()
              + " of "
              + weight.dim(1)
              + " columns; give them in the type and width of the training features");
    }
  }

  /**
   * A head with the data set that it, or a part of it, was trained on.
   *
   * @param data all samples with class ids
   * @param positions of those that were trained on, ascending
   * @param classIds the user's class of each class of the head, ascending
   * @param test with class ids as labels, or null
   * @param arena owner of what is copied
   * @throws InputException if they do not fit each other
   */
  public static Subject of(
      Loss loss,
      Head head,
      FeatureSet data,
      long[] positions,
      long[] classIds,
      FeatureSet test,
      Arena arena) {
    long[] labels = data.labels().toLongs();
    FeatureSet part =
        positions.length == labels.length ? data : data.subset(arena, data.name(), positions);
    HeadModel model = new HeadModel(loss, part.renumbered(arena, classIds), head.tensors());
    long[] known = Arrays.stream(labels).sorted().distinct().toArray();
    long[] all = LongStream.range(0, labels.length).toArray();
    int[] trained = Arrays.stream(positions).mapToInt(Math::toIntExact).toArray();
    Labelled labelled = new Labelled(data.renumbered(arena, known), all, known, trained);
    return new Subject(
        model, positions, classIds, labels, labelled, test, data.classNames(), data.sampleNames());
  }

  /** A head that was trained on all of a data set whose labels are 0..C-1. */
  public static Subject of(Loss loss, Head head, FeatureSet data, FeatureSet test, Arena arena) {
    long[] positions = LongStream.range(0, data.samples()).toArray();
    long[] classes = LongStream.range(0, head.proxies().dim(0) / loss.centers()).toArray();
    return of(loss, head, data, positions, classes, test, arena);
  }

  /** The samples that the head was trained on. */
  public Labelled trained() {
    int[] rows = IntStream.range(0, positions.length).toArray();
    return new Labelled(model.training(), positions, classIds, rows);
  }

  /** The same where the labels of these samples are looked at. */
  public Subject with(Labelled samples) {
    return new Subject(model, positions, classIds, labels, samples, test, classNames, sampleNames);
  }

  /** N of the data set: the number of columns of scores. */
  public long samples() {
    return labels.length;
  }

  /** The head as it is trained. */
  public Head head() {
    return new Head(model.head().weight(), model.head().bias(), model.head().proxies());
  }

  /**
   * The test samples.
   *
   * @throws InputException if there are none
   */
  FeatureSet testSamples() {
    if (test == null) {
      throw new InputException(
          "test: there are no test samples, and this needs them; give them with the head and its"
              + " training samples");
    }
    return test;
  }

  /**
   * The test samples for measurements, in the head's own basis.
   *
   * @throws InputException if there are none
   */
  public TestSet testSet(Backend backend) {
    return new TestSet(backend, testSamples().features(), test.labels());
  }

  /**
   * Every test sample's nearest other one under the head.
   *
   * @param neighbouring how distances are measured
   * @throws InputException if there are no test samples
   */
  public Confusions confusions(Backend backend, Neighbouring neighbouring) {
    try (Arena arena = new Arena(backend.memory())) {
      Tensor z = head().embed(backend, testSamples().features(), arena);
      return Confusions.find(backend, z, test.labels(), neighbouring);
    }
  }

  /** By test sample, or none. */
  public Names testNames() {
    return test == null ? Names.none() : test.sampleNames();
  }

  /** The user's class of a class of the model. */
  public long classId(long number) {
    return classIds[(int) number];
  }

  /** The user's class of each training sample. */
  public long[] trainingClasses() {
    return Arrays.stream(model.training().labels().toLongs()).map(this::classId).toArray();
  }

  /** What to call a class id. */
  public String classText(long id) {
    return classNames.classText(id);
  }

  /** What to call a class of the model; some that are known of noise have none. */
  public String trainingClass(long number) {
    return className(classIds, number);
  }

  /** What to call a class in the numbers of some samples; some known of noise have no name. */
  public String className(Labelled samples, long number) {
    return className(samples.classIds(), number);
  }

  private String className(long[] ids, long number) {
    return number < ids.length ? classText(ids[(int) number]) : "an unknown class";
  }

  /** The class ids of the whole data set as they are looked at: those made wrong are. */
  public long[] usedLabels() {
    return ofDataSet(labelled.data().labels().toLongs());
  }

  /**
   * Class ids of the whole data set.
   *
   * @param labels of {@link #labelled}, in its numbers; other samples keep their class
   */
  public long[] ofDataSet(long[] labels) {
    long[] all = this.labels.clone();
    for (int i = 0; i < labels.length; i++) {
      all[(int) labelled.positions()[i]] = labelled.classIds()[(int) labels[i]];
    }
    return all;
  }

  /** Scores of the training samples by position in the data set, NaN for the others. */
  public double[] spread(double[] scores) {
    double[] all = new double[labels.length];
    Arrays.fill(all, Double.NaN);
    for (int i = 0; i < positions.length; i++) {
      all[(int) positions[i]] = scores[i];
    }
    return all;
  }

  /**
   * The same samples with other labels and a head that is trained on them.
   *
   * @param others of {@link #labelled}, in its numbers
   * @param arena owner of labels and head
   */
  public Subject relabelled(long[] others, HeadTraining training, Arena arena) {
    Labelled after = labelled.with(labels(labelled.data(), others, arena));
    long[] own = after.ofTrained(others);
    Supervision supervision = Supervision.hard(after.classIds().length, own);
    FeatureSet old = model.training();
    Head head = training.withLoss(model.loss()).train(old.features(), supervision, arena);
    HeadModel trained = new HeadModel(model.loss(), labels(old, own, arena), head.tensors());
    return new Subject(
        trained, positions, after.classIds(), labels, after, test, classNames, sampleNames);
  }

  private static FeatureSet labels(FeatureSet set, long[] labels, Arena arena) {
    return new FeatureSet(set.features(), arena.of(labels, labels.length), set.name());
  }

  /**
   * A list of wrong labels in the numbers of some samples. Others are left out.
   *
   * @param noise by position in the data set, with class ids
   * @param source where it came from
   * @throws InputException if the samples' labels are not the list's noisy ones
   */
  public LabelNoise inRows(Labelled samples, LabelNoise noise, Object source) {
    Map<Long, Long> rows = numbered(samples.positions());
    Map<Long, Long> classes = numbered(samples.classIds());
    long[] given = samples.data().labels().toLongs();
    List<long[]> kept = new ArrayList<>();
    for (int i = 0; i < noise.count(); i++) {
      long id = noise.ids()[i];
      if (id >= samples()) {
        throw new InputException(source + ": sample " + id + " is outside 0.." + (samples() - 1));
      }
      Long row = rows.get(id);
      if (row == null) {
        continue;
      }
      Long noisy = classes.get(noise.noisy()[i]);
      if (noisy == null || given[row.intValue()] != noisy) {
        throw new InputException(
            source
                + ": sample "
                + id
                + " is "
                + className(samples, given[row.intValue()])
                + ", not the list's noisy "
                + classText(noise.noisy()[i])
                + "; give the list that belongs to these labels");
      }
      // A right class that does not occur can never be proposed: a number of its own.
      kept.add(new long[] {row, classes.getOrDefault(noise.clean()[i], Long.MAX_VALUE), noisy});
    }
    return new LabelNoise(column(kept, 0), column(kept, 1), column(kept, 2));
  }

  private static Map<Long, Long> numbered(long[] values) {
    Map<Long, Long> numbers = new HashMap<>();
    for (int i = 0; i < values.length; i++) {
      numbers.put(values[i], (long) i);
    }
    return numbers;
  }

  private static long[] column(List<long[]> rows, int c) {
    return rows.stream().mapToLong(row -> row[c]).toArray();
  }

  /**
   * How a head like this one is trained where nobody says how.
   *
   * @param overrides values of the configuration such as "epochs=5"
   */
  public RunConfig training(List<String> overrides) {
    List<String> all = new ArrayList<>();
    all.add("head.embedding=" + model.head().weight().dim(0));
    all.add("head.bias=" + (model.head().bias() != null));
    all.addAll(overrides);
    return RunConfig.defaultsOfFew(all);
  }
}
