package io.vicinal.cli.demo;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.RunMode;
import io.vicinal.train.TrainResult;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Trains an embedding on five Fashion-MNIST classes, then retrieves among test images that nobody
 * trained on: those of the five classes, and those of the five classes that were never seen. Each
 * set is searched in itself, by unit vectors unless a representation says otherwise. Not for
 * several threads at once.
 */
public final class Demo {
  /** What is measured, in the table's order. */
  public static final String METRICS = "r@1,r@10,rp,map@r";

  private static final String MAP_AT_R = "map@r";
  private static final int NEIGHBOURS = 8;

  /** Told what is being done, with the share that is done. */
  public interface Watcher {
    /** {@code done} of {@code total} pieces of work; {@code text} says which comes next. */
    void at(int done, int total, String text);
  }

  /**
   * One row of the table.
   *
   * @param representation what was compared
   * @param values metric id to value, a fraction
   */
  public record Figures(String representation, Map<String, Double> values) {}

  /**
   * One query of the picture.
   *
   * @param label its class
   * @param labels the classes of its neighbours, nearest first
   */
  public record Example(long label, List<Long> labels) {}

  /**
   * The measurements on one set of test images.
   *
   * @param classes the classes of its images
   * @param images how many
   * @param rows baselines first, the embedding last
   * @param examples a query per class
   */
  public record Part(List<Long> classes, long images, List<Figures> rows, List<Example> examples) {
    /** MAP@R of a row, by its name. */
    public double mapAtR(String representation) {
      for (Figures row : rows) {
        if (row.representation().equals(representation)) {
          return row.values().get(MAP_AT_R);
        }
      }
      throw new IllegalArgumentException(representation);
    }
  }

  /**
   * What came out.
   *
   * @param training how the run ended
   * @param seen unseen images of the training classes
   * @param unseen images of classes that were never trained on
   */
  public record Trained(TrainResult training, Part seen, Part unseen) {}

  /** Names of the table's rows. */
  public static final String RAW_L2 = "raw pixels, L2";

  /** Unit vectors of the pixels. */
  public static final String RAW = "raw pixels";

  /** Unit vectors of the pixels minus the training images' mean. */
  public static final String CENTRED = "centred pixels";

  /** Unit vectors of the trained head's output. */
  public static final String EMBEDDING = "embedding";

  private final RunConfig config;
  private final Path images;
  private final Path run;
  private final Path drawing;
  private final Watcher watcher;
  private int done;

  /**
   * @param config the training run; its classes are the seen ones
   * @param images the folder of Fashion-MNIST
   * @param run the run folder
   * @param drawing where the picture of neighbours is written
   */
  public Demo(RunConfig config, Path images, Path run, Path drawing, Watcher watcher) {
    this.config = config;
    this.images = images;
    this.run = run;
    this.drawing = drawing;
    this.watcher = watcher;
  }

  /**
   * Runs everything.
   *
   * @throws io.vicinal.InputException if the data or the run folder cannot be used
   */
  public Trained run(RunMode mode, TrainingListener listener) {
    TrainResult training = Trainer.train(config, run, mode, listener);
    List<Long> seen = config.data().classes();
    List<Long> unseen =
        LongStream.range(0, FashionMnist.CLASSES.size())
            .filter(c -> !seen.contains(c))
            .boxed()
            .toList();
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Head head = Head.load(training.head(), arena);
      float[] mean = trainingMean(seen);
      FeatureSet test = FashionMnist.test(images, arena);
      NeighbourPicture picture = new NeighbourPicture(FashionMnist.SIDE, NEIGHBOURS);
      Part first = measure(backend, head, mean, test, seen, picture);
      picture.gap();
      Part second = measure(backend, head, mean, test, unseen, picture);
      picture.write(drawing);
      return new Trained(training, first, second);
    }
  }

  private float[] trainingMean(List<Long> classes) {
    try (Arena arena = Arena.host()) {
      FeatureSet train = FashionMnist.train(images, arena);
      double[] sum = new double[(int) train.width()];
      long[] ids = train.idsOf(array(classes));
      for (long id : ids) {
        float[] row = train.features().rows(id, id + 1).toFloats();
        for (int i = 0; i < row.length; i++) {
          sum[i] += row[i];
        }
      }
      float[] mean = new float[sum.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (sum[i] / ids.length);
      }
      return mean;
    }
  }

  private Part measure(
      Backend backend,
      Head head,
      float[] mean,
      FeatureSet test,
      List<Long> classes,
      NeighbourPicture picture) {
    try (Arena arena = Arena.host()) {
      FeatureSet set = test.subset(arena, "test images", test.idsOf(array(classes)));
      Tensor pixels = set.features();
      Tensor centred = minus(arena, pixels, mean);
      Tensor embedded = head.embed(backend, pixels, arena);
      List<Figures> rows = new ArrayList<>();
      rows.add(row(backend, RAW_L2, pixels, set, false));
      rows.add(row(backend, RAW, pixels, set, true));
      rows.add(row(backend, CENTRED, centred, set, true));
      rows.add(row(backend, EMBEDDING, embedded, set, true));
      backend.normalizeRows(embedded, embedded);
      List<Example> examples = examples(backend, set, embedded, classes, picture);
      return new Part(classes, set.samples(), rows, examples);
    }
  }

  private Figures row(Backend backend, String name, Tensor x, FeatureSet set, boolean normalize) {
    watcher.at(done++, 8, name);
    EvaluationOptions options =
        EvaluationOptions.of(METRICS).withNormalize(normalize).withPerClass(false);
    Evaluation evaluation = new Evaluator(backend).evaluate(x, set.labels(), options);
    watcher.at(done, 8, name);
    return new Figures(name, new LinkedHashMap<>(evaluation.values()));
  }

  /** The first test image of each class is its query: not a choice made by looking. */
  private static List<Example> examples(
      Backend backend,
      FeatureSet set,
      Tensor embedded,
      List<Long> classes,
      NeighbourPicture picture) {
    long[] queries = classes.stream().mapToLong(c -> set.idsOf(c)[0]).toArray();
    try (Arena arena = Arena.host()) {
      Tensor rows = arena.allocate(DType.F32, queries.length, embedded.dim(1));
      backend.gatherRows(embedded, arena.of(queries, queries.length), rows);
      NeighbourList found = Neighbours.search(rows, embedded, NEIGHBOURS, queries, backend);
      List<Example> examples = new ArrayList<>();
      for (int q = 0; q < queries.length; q++) {
        long label = classes.get(q);
        picture.query(pixels(set, queries[q]));
        List<Long> labels = new ArrayList<>();
        for (int j = 0; j < NEIGHBOURS; j++) {
          long id = found.id(q, j);
          labels.add(set.labels().longAt(id));
          picture.neighbour(pixels(set, id), set.labels().longAt(id) == label);
        }
        examples.add(new Example(label, List.copyOf(labels)));
      }
      return examples;
    }
  }

  private static float[] pixels(FeatureSet set, long id) {
    return set.features().rows(id, id + 1).toFloats();
  }

  private static Tensor minus(Arena arena, Tensor rows, float[] mean) {
    Tensor out = arena.allocate(DType.F32, rows.shape());
    for (long i = 0; i < rows.dim(0); i++) {
      float[] row = rows.rows(i, i + 1).toFloats();
      for (int j = 0; j < row.length; j++) {
        row[j] -= mean[j];
      }
      out.rows(i, i + 1).set(row);
    }
    return out;
  }

  private static long[] array(List<Long> classes) {
    return classes.stream().mapToLong(Long::longValue).toArray();
  }
}
