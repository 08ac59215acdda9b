package io.vicinal.cli;

import io.vicinal.config.ConfigParser;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.RunMode;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** What nobody can be blamed for: wrong inputs of {@code explain}, and what the line must say. */
final class ExplainBadInputCases {
  /**
   * @param name what is wrong
   * @param arguments spoils the fixture and gives the command
   * @param fragments parts of the line, in lower case
   */
  record Case(String name, Function<ExplainFixture, Object[]> arguments, String... fragments) {
    @Override
    public String toString() {
      return name;
    }
  }

  private final List<Case> cases = new ArrayList<>();

  static List<Case> all() {
    ExplainBadInputCases all = new ExplainBadInputCases();
    all.options();
    all.arrays();
    all.heads();
    all.tests();
    all.runs();
    all.queries();
    all.measures();
    all.methods();
    all.repairs();
    return all.cases;
  }

  private void add(String name, Function<ExplainFixture, Object[]> arguments, String... fragments) {
    cases.add(new Case(name, arguments, fragments));
  }

  private void spoilt(String name, Consumer<ExplainFixture> spoil, String... fragments) {
    add(
        name,
        f -> {
          spoil.accept(f);
          return f.explain("confusions");
        },
        fragments);
  }

  private void options() {
    add("no command below", f -> new Object[] {"explain"}, "confusions", "--help");
    for (String option : new String[] {"--features", "--labels", "--head", "--loss"}) {
      add("without " + option, f -> f.explain("confusions", option, null), option, "--run");
    }
    add(
        "a run and arrays",
        f -> f.explainRun("confusions", "--features", f.text("X.npy")),
        "--features",
        "--run");
    add(
        "no test set",
        f -> f.explain("confusions", "--test-features", null, "--test-labels", null),
        "--test-features");
    add(
        "half a test set",
        f -> f.explain("confusions", "--test-labels", null),
        "--test-labels",
        "pair of files");
    add("unknown loss", f -> f.explain("confusions", "--loss", "sofmax"), "sofmax", "cosface");
    add(
        "a loss of a batch",
        f -> f.explain("confusions", "--loss", "margin"),
        "--loss: margin is one of the losses of a batch",
        "cosface");
    add(
        "unknown metric",
        f -> f.explain("confusions", "--metric", "l1"),
        "--metric",
        "l1",
        "cosine or raw");
    add("output below a file", f -> f.explain("confusions", "--out", f.text("X.npy/o")), "x.npy");
  }

  private void arrays() {
    spoilt(
        "NaN features",
        f -> {
          float[] x = new float[3 * ExplainFixture.WIDTH];
          x[ExplainFixture.WIDTH + 5] = Float.NaN;
          NpyBytes.floats(f.at("X.npy"), x, 3, ExplainFixture.WIDTH);
        },
        "x.npy",
        "nan",
        "[1, 5]",
        "repair");
    spoilt("features of one dimension", f -> random(f.at("X.npy"), 64), "x.npy", "matrix");
    spoilt(
        "features of another width",
        f -> NpyBytes.random(f.at("X.npy"), 1, 9, 63),
        "x.npy",
        "63 columns",
        "head.safetensors",
        "64");
    spoilt("too few labels", f -> NpyBytes.longs(f.at("y.npy"), 0, 1), "y.npy", "2 labels");
    spoilt(
        "a label unknown to the proxies",
        f -> {
          long[] labels = labels(f.at("y.npy"));
          labels[7] = 6;
          NpyBytes.longs(f.at("y.npy"), labels);
        },
        "y.npy",
        "label 6",
        "[7]",
        "no proxy",
        "0..5");
  }

  private static void random(Path file, int size) {
    NpyBytes.floats(file, new float[size], size);
  }

  private void heads() {
    spoilt(
        "a head without proxies",
        f -> head(f, tensors -> tensors.remove("proxies")),
        "head.safetensors",
        "proxies");
    spoilt(
        "proxies of one class",
        f -> head(f, tensors -> tensors.put("proxies", tensors.get("proxies").rows(0, 1))),
        "label",
        "no proxy");
    spoilt(
        "one class",
        f -> {
          head(f, tensors -> tensors.put("proxies", tensors.get("proxies").rows(0, 1)));
          NpyBytes.longs(f.at("y.npy"), new long[labels(f.at("y.npy")).length]);
        },
        "head.safetensors",
        "one class",
        "two classes");
    spoilt(
        "a head with a NaN",
        f -> head(f, tensors -> tensors.get("weight").rows(1, 2).set(nan())),
        "head.safetensors",
        "weight",
        "[1, 0]",
        "train");
    add(
        "proxies that centres do not divide",
        f -> f.explain("confusions", "--loss", "soft-triple", "--param", "centers=4"),
        "head.safetensors",
        "6 proxies",
        "centers");
    add(
        "an array instead of a head",
        f -> f.explain("confusions", "--head", f.text("X.npy")),
        "x.npy",
        "safetensors");
  }

  private static double[] nan() {
    double[] row = new double[ExplainFixture.WIDTH];
    row[0] = Double.NaN;
    return row;
  }

  private void tests() {
    spoilt(
        "test features of another width",
        f -> NpyBytes.random(f.at("T.npy"), 1, labels(f.at("ty.npy")).length, 65),
        "t.npy",
        "65 columns",
        "64");
    spoilt(
        "a test set of one row",
        f -> {
          NpyBytes.random(f.at("T.npy"), 1, 1, ExplainFixture.WIDTH);
          NpyBytes.longs(f.at("ty.npy"), 3);
        },
        "t.npy",
        "one test sample",
        "two or more");
    spoilt("test labels too few", f -> NpyBytes.longs(f.at("ty.npy"), 3), "ty.npy", "1 labels");
  }

  private void runs() {
    add(
        "no run",
        f -> f.explainRun("confusions", "--run", f.text("none")),
        "none",
        "no trained run");
    add(
        "a run whose data changed",
        f -> {
          long[] labels = labels(f.at("y.npy"));
          labels[0] = (labels[0] + 1) % ExplainFixture.CLASSES;
          NpyBytes.longs(f.at("y.npy"), labels);
          return f.explainRun("confusions");
        },
        "run",
        "data has changed");
    add(
        "tracin of a run without epochs",
        f -> {
          Trainer.train(
              ConfigParser.parse(f.at("c.json"), List.of("epochs=0")),
              f.at("run0"),
              RunMode.NEW,
              TrainingListener.NONE);
          return f.explainRun("pair", "--run", f.text("run0"), "--method", "tracin");
        },
        "--method: ",
        "run0",
        "no epochs");
  }

  private void queries() {
    add(
        "pairs and groups",
        f -> f.explain("pair", "--pairs", pairs(f, "i,j\n0,1\n"), "--groups", "2"),
        "--pairs",
        "--groups");
    add("groups of pairs", f -> f.explain("pair", "--groups", "2"), "--groups", "explain group");
    add("no groups", f -> f.explain("group", "--groups", "0"), "--groups", "1 or more");
    add(
        "a pair of one sample",
        f -> f.explain("pair", "--pairs", pairs(f, "i,j\n0,1\n4,4\n")),
        "pairs.csv",
        "line 3",
        "both 4");
    add(
        "a pair out of range",
        f -> f.explain("verify", "--pairs", pairs(f, "i,j\n0,100000\n")),
        "pairs.csv",
        "line 2",
        "100000");
    add(
        "a pairs file with bad rows",
        f -> f.explain("reweight", "--pairs", pairs(f, "i,j\n0,1\n\n2\n")),
        "pairs.csv",
        "line 4");
    add(
        "no wrong sample at all",
        f -> {
          NpyBytes.longs(f.at("ty.npy"), new long[labels(f.at("ty.npy")).length]);
          return f.explain("group");
        },
        "t.npy",
        "no confusion",
        "--pairs");
  }

  private void measures() {
    add(
        "unknown measure",
        f -> f.explain("pair", "--measure", "recall@0"),
        "--measure",
        "recall@0",
        "class-confusion");
    add(
        "triplets of classes",
        f -> f.explain("group", "--measure", "triplet"),
        "--measure",
        "triplet",
        "pairs");
    for (String measure : new String[] {"triplet", "class-confusion"}) {
      add(
          measure + " of one class",
          f -> {
            long[] labels = labels(f.at("ty.npy"));
            int same = 1;
            while (labels[same] != labels[0]) {
              same++;
            }
            String pair = pairs(f, "i,j\n0," + same + "\n");
            return f.explain("pair", "--pairs", pair, "--measure", measure);
          },
          "both of class",
          "distance");
    }
    for (String measure : new String[] {"triplet", "recall@1"}) {
      add(
          measure + " of a class of one",
          f -> {
            long[] labels = labels(f.at("ty.npy"));
            labels[0] = 77;
            NpyBytes.longs(f.at("ty.npy"), labels);
            return f.explain("pair", "--pairs", pairs(f, "i,j\n0,1\n"), "--measure", measure);
          },
          "test sample 0",
          "only one of class 77");
    }
    add("no time", f -> f.explain("pair", "--check", "-1"), "--check", "0 or more");
    add("pixels of no size", f -> f.explain("pair", "--pixels", "8"), "--pixels", "28x28");
    add("pixels of another size", f -> f.explain("pair", "--pixels", "8x9"), "8x9", "64 features");
  }

  private static String pairs(ExplainFixture fixture, String text) {
    BadInputTest.write(fixture.at("pairs.csv"), text);
    return fixture.text("pairs.csv");
  }

  private void methods() {
    add(
        "unknown method",
        f -> f.explain("pair", "--method", "if,magic"),
        "--method",
        "magic",
        "ekfac");
    add("unknown theta", f -> f.explain("pair", "--theta", "P"), "--theta", "W,b");
    add("unknown damping", f -> f.explain("pair", "--damping", "some"), "--damping", "10x");
    add("no damping", f -> f.explain("pair", "--damping", "0"), "damping", "above 0");
    add("no tolerance", f -> f.explain("pair", "--tolerance", "0"), "--tolerance");
    add("no memory", f -> f.explain("pair", "--memory", "lots"), "--memory", "4g");
    add("too little memory", f -> f.explain("pair", "--memory", "1k"), "memory");
    add("unknown form", f -> f.explain("pair", "--eif-form", "sum"), "--eif-form", "ratio");
    add("no directions", f -> f.explain("pair", "--eif-directions", "0"), "--eif-directions");
    add("tracin of arrays", f -> f.explain("pair", "--method", "tracin"), "tracin", "--run");
    add(
        "a damping that leaves the system indefinite",
        f -> f.explain("pair", "--damping", "1e-9", "--theta", "W,b,P"),
        "indefinite",
        "or more");
    for (String method : new String[] {"if-gn", "ekfac", "if-seed"}) {
      add(
          method + " of a loss that has none",
          f -> f.explain("pair", "--method", method, "--loss", "arcface", "--param", null),
          "arcface",
          "use if, newton-loo, fisher, eif or gradient");
    }
    add("self has no pairs", f -> f.explain("verify", "--method", "self"), "--method", "self");
  }

  private void repairs() {
    add(
        "more neighbours than there are",
        f -> f.explain("pair", "--measure", "recall@9000"),
        "--measure",
        "lower k");
    add("unknown detector", f -> f.explain("mislabel", "--detectors", "knn,luck"), "luck", "aum");
    add(
        "labels of one class",
        f -> {
          NpyBytes.floats(f.at("X.npy"), new float[] {1, 2, 3, 4}, 2, 2);
          NpyBytes.longs(f.at("y.npy"), 3, 3);
          return new Object[] {
            "explain",
            "mislabel",
            "--features",
            f.at("X.npy"),
            "--labels",
            f.at("y.npy"),
            "--out",
            f.at("out")
          };
        },
        "y.npy: has 2 labels, all of class 3; a label can only be wrong",
        "give samples of two or more");
    add("unknown noise", f -> f.explain("mislabel", "--inject", "salt"), "salt", "symmetric");
    add(
        "all labels wrong",
        f -> f.explain("mislabel", "--inject", "shift", "--rate", "1"),
        "--rate");
    add(
        "a list of other labels",
        f -> {
          BadInputTest.write(f.at("n.csv"), "id,clean,noisy\n0,5,4\n1,5,4\n2,5,4\n3,5,4\n");
          return f.explain("mislabel", "--noise", f.text("n.csv"));
        },
        "n.csv",
        "not the list's");
    add("unknown rule", f -> f.explain("relabel", "--rule", "vote"), "--rule", "combined");
    add("unknown retraining", f -> f.explain("relabel", "--retrain", "yes"), "--retrain", "soft");
    add("impossible threshold", f -> f.explain("relabel", "--threshold", "2"), "threshold");
    add("unknown way", f -> f.explain("reweight", "--how", "guess"), "--how", "fine-tune");
    add(
        "negative weight",
        f -> f.explain("reweight", "--harmful-weight", "-1"),
        "--harmful-weight");
    add(
        "weights of other samples",
        f -> {
          NpyBytes.floats(f.at("w.npy"), new float[3], 3);
          return f.explain("reweight", "--weights", f.text("w.npy"));
        },
        "w.npy",
        "[3]");
    add(
        "weights, and too little memory",
        f -> {
          int samples = labels(f.at("y.npy")).length;
          float[] weights = new float[samples];
          Arrays.fill(weights, 0.7f);
          NpyBytes.floats(f.at("w.npy"), weights, samples);
          return f.explain("reweight", "--weights", f.text("w.npy"), "--memory", "1k");
        },
        "memory");
    add("no removals", f -> f.explain("verify", "--leave-out", "0"), "--leave-out", "1 or more");
    add("study of no run", f -> f.explainRun("study", "--with", f.text("none")), "none", "run");
  }

  private static long[] labels(Path file) {
    try (Arena arena = Arena.host()) {
      return Npy.read(file, arena).toLongs();
    }
  }

  private static void head(ExplainFixture fixture, Consumer<Map<String, Tensor>> spoil) {
    Path file = fixture.at("head.safetensors");
    try (Arena arena = Arena.host()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>(Safetensors.read(file, arena));
      spoil.accept(tensors);
      Safetensors.write(file, tensors, Map.of());
    }
  }
}
