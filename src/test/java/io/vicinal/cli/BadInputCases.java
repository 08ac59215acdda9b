package io.vicinal.cli;

import static io.vicinal.cli.NpyBytes.doubles;
import static io.vicinal.cli.NpyBytes.floats;
import static io.vicinal.cli.NpyBytes.header;
import static io.vicinal.cli.NpyBytes.longs;
import static io.vicinal.cli.NpyBytes.random;
import static io.vicinal.cli.NpyBytes.raw;
import static io.vicinal.cli.NpyBytes.rows;
import static io.vicinal.cli.NpyBytes.write;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Wrong arguments and files, with what the one line must say: file, field, remedy. */
final class BadInputCases {
  /**
   * @param name what is wrong
   * @param arguments spoils the fixture and gives the command
   * @param fragments parts of the line, in lower case
   */
  record Case(String name, Function<Fixture, Object[]> arguments, String... fragments) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final byte[] DATA = new byte[4 * Fixture.SAMPLES * Fixture.WIDTH];

  private final List<Case> cases = new ArrayList<>();

  static List<Case> all() {
    BadInputCases all = new BadInputCases();
    all.arguments();
    all.npyFiles();
    all.numbers();
    all.shapes();
    all.labels();
    all.lossParameters();
    all.tuples();
    all.learnedParameters();
    all.evaluation();
    all.heads();
    all.exports();
    all.configurations();
    all.outputs();
    return all.cases;
  }

  private void add(String name, Function<Fixture, Object[]> arguments, String... fragments) {
    cases.add(new Case(name, arguments, fragments));
  }

  /** A {@code loss} command whose embeddings are the file that {@code spoil} writes. */
  private void embeddings(String name, Function<Path, Path> spoil, String... fragments) {
    String[] all = Arrays.copyOf(fragments, fragments.length + 1);
    all[fragments.length] = "e.npy";
    add(
        name,
        f -> {
          spoil.apply(f.at("E.npy"));
          return f.loss("cosface");
        },
        all);
  }

  private void arguments() {
    add("no command", f -> new Object[0], "name a command", "--help");
    add("unknown command", f -> new Object[] {"evalute"}, "evalute", "evaluate");
    add("the launcher's command", f -> new Object[] {"test"}, "./vicinal test");
    add("missing option", f -> f.loss("cosface", "--out", null), "--out", "--help");
    add("unknown option", f -> f.loss("cosface", "--outt", "x"), "--outt", "--help");
    add("unknown dtype", f -> f.loss("cosface", "--dtype", "float16"), "--dtype", "float64");
    add("threads below zero", f -> f.loss("cosface", "--threads", "-3"), "--threads", "0");
    add("a file where text belongs", f -> new Object[] {"list", "E.npy"}, "what", "losses");
  }

  private void npyFiles() {
    add("file missing", f -> f.loss("cosface", "--embeddings", f.text("no.npy")), "no.npy");
    add(
        "file is a folder",
        f -> f.loss("cosface", "--embeddings", f.folder().toString()),
        "folder");
    embeddings("empty file", p -> write(p, new byte[0]), "not a .npy", "numpy.save");
    embeddings(
        "text instead of an array",
        p -> write(p, "1 2 3\n4 5 6\n7 8 9\n".getBytes(StandardCharsets.UTF_8)),
        "numpy.save");
    embeddings("truncated data", p -> write(p, head(random(p, 1, 12, 4), 200)), "truncated");
    embeddings("truncated header", p -> write(p, head(random(p, 1, 12, 4), 40)), "header");
    embeddings("bytes after the data", p -> raw(p, "<f4", new byte[999], 12, 4), "shape");
    embeddings("a size that overflows", p -> raw(p, "<f4", DATA, 1L << 62, 1L << 62), "overflow");
    embeddings("a size near 2^63 bytes", p -> raw(p, "<f4", DATA, 1L << 60, 1), "truncated");
    embeddings("negative size", p -> raw(p, "<f4", DATA, -12, 4), "header");
    embeddings("texts", p -> raw(p, "<U1", new byte[192], 12, 4), "<u1", "astype");
    embeddings("complex numbers", p -> raw(p, "<c8", new byte[384], 12, 4), "complex", "np.abs");
    embeddings("Python objects", p -> raw(p, "|O", DATA, 12, 4), "|o");
    embeddings(
        "an expression in the header",
        p -> header(p, "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}", DATA),
        "header",
        "numpy.save");
    embeddings(
        "version 9",
        p -> {
          byte[] bytes = read(random(p, 1, 12, 4));
          bytes[6] = 9;
          return write(p, bytes);
        },
        "version 9");
  }

  private void numbers() {
    embeddings("NaN", p -> floats(p, spoilt(Float.NaN), 12, 4), "nan", "[3, 1]", "repair");
    add(
        "infinity in the proxies",
        f -> {
          floats(f.at("P.npy"), new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1f / 0}, 3, 4);
          return f.loss("arcface");
        },
        "p.npy",
        "infinity",
        "[2, 3]");
    add(
        "too large for float32",
        f -> {
          doubles(f.at("P.npy"), new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1e300, 1}, 3, 4);
          return f.loss("arcface", "--dtype", "float32");
        },
        "p.npy",
        "1.0e300",
        "--dtype float64");
  }

  private void shapes() {
    embeddings("one dimension", p -> floats(p, new float[12], 12), "[12]", "matrix");
    embeddings("three dimensions", p -> raw(p, "<f4", DATA, 12, 2, 2), "[12, 2, 2]", "matrix");
    embeddings("no rows", p -> floats(p, new float[0], 0, 4), "[0, 4]", "non-empty");
    add(
        "proxies of another width",
        f -> {
          random(f.at("P.npy"), 2, 3, 5);
          return f.loss("cosface");
        },
        "p.npy",
        "5 columns",
        "e.npy",
        "width");
    add(
        "direction of another shape",
        f -> f.loss("cosface", "--hvp-embeddings", f.text("P.npy")),
        "p.npy",
        "[12, 4]");
    add(
        "too few weights",
        f -> {
          floats(f.at("w.npy"), new float[] {1, 1}, 2);
          return f.loss("cosface", "--weights", f.text("w.npy"));
        },
        "w.npy",
        "[12]");
    add(
        "negative weight",
        f -> {
          floats(f.at("w.npy"), new float[] {1, 1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1}, 12);
          return f.loss("cosface", "--weights", f.text("w.npy"));
        },
        "w.npy",
        "[3]",
        "negative");
    add(
        "soft labels where there are none",
        f -> f.loss("arcface", "--soft-labels", f.text("P.npy")),
        "--soft-labels",
        "arcface");
    add(
        "soft labels of another shape",
        f -> f.loss("normalized-softmax", "--soft-labels", f.text("P.npy")),
        "p.npy",
        "[12, 3]");
  }

  private void labels() {
    labels("negative label", p -> longs(p, 0, 1, 2, 0, 1, -2, 0, 1, 2, 0, 1, 2), "-2", "5");
    float[] halves = new float[12];
    halves[3] = 0.5f;
    labels("labels with a fraction", p -> floats(p, halves, 12), "0.5", "position 3", "whole");
    labels("a matrix of labels", p -> raw(p, "<i8", new byte[96], 6, 2), "[6, 2]", "reshape");
    labels("too few labels", p -> longs(p, 0, 1, 2), "3 labels", "12 rows", "e.npy");
    labels(
        "label without a proxy",
        p -> longs(p, 0, 1, 2, 0, 1, 2, 0, 1, 3, 0, 1, 2),
        "label 3",
        "[8]",
        "p.npy",
        "0..2");
    byte[] huge = new byte[96];
    Arrays.fill(huge, 0, 8, (byte) 0xff);
    labels("label above 2^63", p -> raw(p, "<u8", huge, 12), "18446744073709551615");
  }

  private void labels(String name, Function<Path, Path> spoil, String... fragments) {
    String[] all = Arrays.copyOf(fragments, fragments.length + 1);
    all[fragments.length] = "y.npy";
    add(
        name,
        f -> {
          spoil.apply(f.at("y.npy"));
          return f.loss("proxy-nca");
        },
        all);
  }

  private void lossParameters() {
    add("unknown loss", f -> f.loss("proxy-anker"), "proxy-anker", "proxy-anchor");
    add("unknown parameter", f -> f.loss("cosface", "--param", "alpha=1"), "alpha", "margin");
    add("parameter not a number", f -> f.loss("cosface", "--param", "scale=x"), "scale", "x");
    add(
        "parameter out of range",
        f -> f.loss("normalized-softmax", "--param", "temperature=0"),
        "temperature");
    add("parameter without a value", f -> f.loss("cosface", "--param", "scale"), "scale");
    add(
        "rows that centres do not divide",
        f -> f.loss("soft-triple", "--param", "centers=2"),
        "p.npy",
        "3 rows",
        "centers");
  }

  private void tuples() {
    tuples(
        "a tuple outside the batch", f -> rows(f, new long[] {0, 3, 12}), "12", "[0, 2]", "0..11");
    tuples(
        "a tuple below 0",
        f -> rows(f, new long[] {0, 3, 1}, new long[] {0, -1, 1}),
        "-1",
        "[1, 1]");
    float[] halves = {0, 3, 0.5f};
    tuples("half a sample", f -> floats(f, halves, 1, 3), "0.5 at [0, 2]", "int64");
    tuples(
        "tuples in one line", f -> longs(f, 0, 3, 1), "[3]", "[m, 3]: anchor, positive, negative");
    tuples(
        "pairs for a loss of triplets", f -> rows(f, new long[] {0, 3}), "[1, 2]", "triplet takes");
    add(
        "a sign that is none",
        f -> {
          rows(f.at("T.npy"), new long[] {0, 3, 1}, new long[] {0, 1, 5});
          return program(f, "lifted", "--tuples", f.text("T.npy"));
        },
        "t.npy",
        "sign 5",
        "[1, 2]");
    add(
        "tuples for a loss of the whole batch",
        f -> {
          rows(f.at("T.npy"), new long[] {0, 3, 1});
          return program(f, "fastap", "--tuples", f.text("T.npy"));
        },
        "--tuples",
        "whole batch");
    add(
        "tuples for a loss against proxies",
        f -> f.loss("cosface", "--tuples", f.text("E.npy")),
        "--tuples",
        "proxies");
    add("no such miner", f -> program(f, "triplet", "--miner", "semihart"), "semihart", "semihard");
    add(
        "a miner of another shape",
        f -> program(f, "triplet", "--miner", "multi-similarity"),
        "multi-similarity yields pairs",
        "triplet takes",
        "semihard");
    add(
        "a miner and tuples",
        f -> program(f, "triplet", "--miner", "random", "--tuples", f.text("E.npy")),
        "--miner",
        "--tuples");
    add("a seed without a miner", f -> program(f, "triplet", "--seed", "1"), "--seed", "--miner");
  }

  private void tuples(String name, Function<Path, Path> spoil, String... fragments) {
    String[] all = Arrays.copyOf(fragments, fragments.length + 1);
    all[fragments.length] = "t.npy";
    add(
        name,
        f -> {
          spoil.apply(f.at("T.npy"));
          return program(f, "triplet", "--tuples", f.text("T.npy"));
        },
        all);
  }

  private static Object[] program(Fixture f, String name, String... more) {
    String[] all = Arrays.copyOf(more, more.length + 2);
    all[more.length] = "--proxies"; // without a value: left out
    return f.loss(name, all);
  }

  private void learnedParameters() {
    add("no proxies", f -> f.loss("cosface", "--proxies", null), "--proxies", "p.npy");
    add(
        "proxies twice",
        f -> f.loss("cosface", "--parameter", "proxies=" + f.text("P.npy")),
        "--proxies",
        "--parameter",
        "keep one");
    add(
        "a parameter that nobody learns",
        f -> f.loss("cosface", "--parameter", "beta=" + f.text("P.npy")),
        "beta",
        "proxies");
    add("proxies of a loss without", f -> f.loss("triplet"), "proxies", "nothing");
    add("a missing parameter", f -> program(f, "softmax"), "--parameter weight", "[c, d]");
    add(
        "a parameter of another width",
        f -> {
          random(f.at("W.npy"), 3, 3, 5);
          return program(f, "softmax", "--parameter", "weight=" + f.text("W.npy"));
        },
        "w.npy",
        "[3, 5]",
        "[3, 4]");
    add(
        "a label without its weight",
        f -> {
          random(f.at("W.npy"), 3, 2, 4);
          return program(f, "softmax", "--parameter", "weight=" + f.text("W.npy"));
        },
        "y.npy",
        "label 2 at [2]",
        "w.npy",
        "0..1");
    add(
        "a direction of nothing",
        f -> program(f, "triplet", "--direction", "beta=" + f.text("P.npy")),
        "--direction beta",
        "embeddings");
    add(
        "weights of a loss without",
        f -> program(f, "triplet", "--weights", f.text("w.npy")),
        "--weights");
    add("an unknown defect", f -> program(f, "margin", "--compat", "all"), "all", "margin-count");
  }

  private void evaluation() {
    add("k above the gallery", f -> f.evaluate("--metrics", "r@12"), "r@12", "11");
    add("unknown metric", f -> f.evaluate("--metrics", "recal@1"), "recal@1");
    add("metric without its k", f -> f.evaluate("--metrics", "r@"), "r@");
    add("metric with k = 0", f -> f.evaluate("--metrics", "r@0"), "r@0");
    add("an unknown defect", f -> f.evaluate("--compat", "map"), "map", "map-class-size");
    add(
        "relevance of too few classes",
        f -> {
          floats(f.at("R.npy"), new float[] {1, 0, 0, 1}, 2, 2);
          return f.evaluate("--metrics", "ndcg@2", "--relevance", f.text("R.npy"));
        },
        "r.npy: has 2 classes",
        "label 2");
    add(
        "a k that padding would list for every query",
        f -> f.evaluate("--metrics", "map@3000000000/r", "--compat", "map-padding"),
        "map@3000000000/r",
        "lower k");
    add(
        "a threshold between classes of one class",
        f -> {
          longs(f.at("y.npy"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
          return f.evaluate("--threshold-fmr", "0.1");
        },
        "y.npy: no two rows");
    add(
        "relevance that is not square",
        f -> f.evaluate("--relevance", f.text("E.npy")),
        "e.npy",
        "as many columns as rows");
    add(
        "levels that are no whole numbers",
        f -> f.evaluate("--levels", f.text("E.npy")),
        "e.npy",
        "whole");
    add(
        "a metric without its uncertainty",
        f -> f.evaluate("--metrics", "unc-given"),
        "unc-given",
        "12");
    add(
        "uncertainty of other rows",
        f -> f.evaluate("--uncertainty", f.text("P.npy")),
        "p.npy",
        "12");
    add("more singular values than there are", f -> f.evaluate("--metrics", "rho@9"), "rho@9", "4");
    add("a rate above 1", f -> f.evaluate("--threshold-fmr", "2"), "--threshold-fmr", "below 1");
    add(
        "a threshold twice",
        f -> f.evaluate("--threshold-fmr", "0.1", "--threshold", "1"),
        "--threshold");
    add(
        "validation rows for nothing",
        f ->
            f.evaluate(
                "--validation-embeddings", f.text("E.npy"), "--validation-labels", f.text("y.npy")),
        "--threshold-fmr");
    add(
        "validation rows without labels",
        f -> f.evaluate("--threshold-fmr", "0.1", "--validation-embeddings", f.text("E.npy")),
        "--validation-labels");
    add(
        "validation rows of one class",
        f -> {
          longs(f.at("one.npy"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
          return f.evaluate(
              "--threshold-fmr",
              "0.1",
              "--validation-embeddings",
              f.text("E.npy"),
              "--validation-labels",
              f.text("one.npy"));
        },
        "one.npy",
        "two classes");
    add("no temperature", f -> f.evaluate("--vote-temperature", "0"), "vote-temperature");
    add("starts below none", f -> f.evaluate("--cluster-starts", "-1"), "cluster-starts");
    add("no uncertain rows", f -> f.evaluate("--uncertain-count", "0"), "--uncertain-count");
    add(
        "gallery without labels",
        f -> f.evaluate("--gallery-embeddings", f.text("E.npy")),
        "--gallery-labels");
    add(
        "gallery of another width",
        f -> {
          random(f.at("G.npy"), 5, 12, 3);
          return f.evaluate(
              "--gallery-embeddings", f.text("G.npy"), "--gallery-labels", f.text("y.npy"));
        },
        "g.npy",
        "3 columns",
        "e.npy");
    add(
        "every class alone",
        f -> {
          longs(f.at("y.npy"), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
          return f.evaluate();
        },
        "y.npy",
        "label",
        "check");
    add(
        "NaN in the gallery",
        f -> {
          floats(f.at("G.npy"), spoilt(Float.NaN), 12, 4);
          return f.evaluate(
              "--gallery-embeddings", f.text("G.npy"), "--gallery-labels", f.text("y.npy"));
        },
        "g.npy",
        "nan",
        "[3, 1]");
  }

  private void heads() {
    String entry = "{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":";
    head("an array instead of a head", f -> new byte[] {1, 2, 3}, "safetensors");
    head(
        "a header longer than the file",
        f -> {
          byte[] bytes = Fixture.head();
          Arrays.fill(bytes, 0, 7, (byte) 0x7f);
          return bytes;
        },
        "header");
    head("offsets outside", f -> Fixture.safetensors(entry + "[0,99]}}", 32), "weight");
    head("offsets backwards", f -> Fixture.safetensors(entry + "[32,0]}}", 32), "weight");
    head(
        "a shape that overflows",
        f ->
            Fixture.safetensors(
                "{\"weight\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,8],"
                    + "\"data_offsets\":[0,0]}}",
                0),
        "weight");
    head(
        "another tensor",
        f -> Fixture.safetensors(entry.replace("weight", "wieght") + "[0,32]}}", 32),
        "\"weight\"",
        "train");
    head("a header that is no JSON", f -> Fixture.safetensors("{\"weight\":", 32), "header");
    add(
        "features of another width",
        f -> {
          random(f.at("E.npy"), 1, 12, 5);
          return f.embed();
        },
        "e.npy",
        "5 columns",
        "head.safetensors",
        "4");
  }

  private void exports() {
    add("no kind of export", f -> new Object[] {"export"}, "onnx, faiss, lucene");
    add(
        "an export without a head",
        f -> {
          assertThat(f.at("empty").toFile().mkdir()).isTrue();
          return f.export("onnx", "h.onnx", "--head", f.text("empty"));
        },
        "holds no head.safetensors",
        "train");
    add(
        "an export of no data",
        f -> f.export("faiss", "h.faiss", "--features", null),
        "--features");
    add("a model of another name", f -> f.export("onnx", "h.bin"), "h.bin", ".onnx");
    add("an index of another name", f -> f.export("faiss", "h.bin"), "h.bin", ".faiss");
    add("a model in a pipe", f -> f.export("onnx", "/dev/stdout"), "verified", ".onnx");
    add("an index where a file is", f -> f.export("lucene", "c.json"), "c.json", "folder");
    add("an index among others' files", f -> f.export("lucene", "."), "other files", "new folder");
    add(
        "an export of another width",
        f -> {
          random(f.at("E.npy"), 1, 12, 5);
          return f.export("lucene", "lucene");
        },
        "e.npy",
        "5 columns",
        "takes 4");
    add(
        "an export of NaN",
        f -> {
          floats(f.at("E.npy"), spoilt(Float.NaN), 12, 4);
          return f.export("onnx", "h.onnx");
        },
        "e.npy",
        "nan",
        "repair");
    add(
        "names for other rows",
        f -> {
          write(f.at("n.txt"), "one\ntwo\n".getBytes(StandardCharsets.UTF_8));
          return f.export("faiss", "h.faiss", "--sample-names", f.text("n.txt"));
        },
        "n.txt",
        "2 names for 12 rows");
  }

  private void head(String name, Function<Fixture, byte[]> contents, String... fragments) {
    String[] all = Arrays.copyOf(fragments, fragments.length + 1);
    all[fragments.length] = "head.safetensors";
    add(
        name,
        f -> {
          write(f.at("head.safetensors"), contents.apply(f));
          return f.embed();
        },
        all);
  }

  private void configurations() {
    add("no configuration", f -> f.train("--config", f.text("d.json")), "d.json");
    config("not JSON", "epochs: 3", "c.json");
    config("cut JSON", "{\"epochs\": 3", "c.json", "early");
    config("unknown key", "{\"data\": {\"featurs\": \"E.npy\"}}", "data.featurs", "features");
    config(
        "wrong type",
        "{\"data\": {\"features\": \"E.npy\", \"labels\": \"y.npy\"}, \"epochs\": \"many\"}",
        "epochs",
        "many");
    config("no data", "{\"epochs\": 3}", "data.features", "missing");
    add("override without a value", f -> f.train("--set", "epochs"), "--set epochs", "a.b=value");
    add("override of no key", f -> f.train("--set", "optimiser.lr=1"), "optimiser", "optimizer");
    add("batch above the data", f -> f.train("--set", "sampler.batch=64"), "64", "12");
    add(
        "features with NaN",
        f -> {
          floats(f.at("E.npy"), spoilt(Float.NaN), 12, 4);
          return f.train();
        },
        "e.npy");
    add(
        "a parameter of another loss",
        f -> f.train("--set", "loss.alpha=1"),
        "alpha",
        "normalized-softmax");
  }

  private void config(String name, String json, String... fragments) {
    add(
        name,
        f -> {
          write(f.at("c.json"), json.getBytes(StandardCharsets.UTF_8));
          return f.train();
        },
        fragments);
  }

  private void outputs() {
    add(
        "output below a file",
        f -> f.loss("cosface", "--out", f.text("E.npy") + "/out"),
        "e.npy",
        "folder");
    add(
        "metrics into a folder that is not there",
        f -> f.evaluate("--out", f.text("none/metrics.json")),
        "metrics.json",
        "create");
    add("embeddings onto a folder", f -> f.embed("--out", f.folder().toString()), "folder");
    add("run folder below a file", f -> f.train("--run", f.text("E.npy") + "/run"), "e.npy");
    add(
        "run folder already used",
        f -> {
          write(mkdir(f.at("run")).resolve("config.json"), new byte[] {'{', '}'});
          return f.train();
        },
        "run",
        "--resume");
  }

  private static Path mkdir(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static float[] spoilt(float value) {
    float[] values = new float[Fixture.SAMPLES * Fixture.WIDTH];
    Arrays.fill(values, 0.5f);
    values[3 * Fixture.WIDTH + 1] = value;
    return values;
  }

  private static byte[] head(Path file, int bytes) {
    return Arrays.copyOf(read(file), bytes);
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
