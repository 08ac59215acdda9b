package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Values that others published or that their code gives, on fixtures of formulas.
 *
 * @param loss its registered name
 * @param params with spaces between, others are at their defaults
 * @param digits how exact the value is; gradients are known to a tenth of that
 * @param gradient the length of the embeddings' gradient, NaN if it is not known
 * @param first the first entry of that gradient, likewise
 */
record TupleGolden(
    String loss,
    String params,
    Fixture on,
    double digits,
    double value,
    double gradient,
    double first) {

  /**
   * @param x embeddings
   * @param normalized whether they are divided by their lengths in the program
   * @param parameter what is learned, or null
   * @param arrays other arrays that are learned or given, by name
   * @param mined the shape of the tuples, null for all
   * @param tuples as in {@link TupleCase}
   */
  record Fixture(
      double[][] x,
      long[] y,
      boolean normalized,
      double[][] parameter,
      Tuples mined,
      int[][] tuples,
      Map<String, TupleCase.Learned> arrays) {
    Fixture(double[][] x, long[] y, boolean normalized, double[][] parameter) {
      this(x, y, normalized, parameter, null, new int[0][], Map.of());
    }

    Fixture mined(Tuples shape, int[][] tuples) {
      return new Fixture(x, y, normalized, parameter, shape, tuples, arrays);
    }

    Fixture of(double[][] other) {
      return new Fixture(x, y, normalized, other);
    }

    Fixture given(Map<String, TupleCase.Learned> these) {
      return new Fixture(x, y, normalized, parameter, mined, tuples, these);
    }

    Fixture raw() {
      return new Fixture(x, y, false, parameter, mined, tuples, arrays);
    }
  }

  /** sin and cos of the first system: raw rows, or divided by their lengths beforehand. */
  private static final Fixture RAW =
      new Fixture(
          matrix(8, 4, (i, j) -> Math.sin(1 + 0.7 * i + 1.3 * j + 0.1 * i * j)),
          labels(8, i -> i % 4),
          false,
          matrix(4, 4, (c, j) -> Math.cos(0.5 + 0.9 * c + 1.1 * j + 0.2 * c * j)));

  private static final Fixture UNIT = new Fixture(unit(RAW.x), RAW.y, false, RAW.parameter);

  /** Longer, and divided by their lengths in the program. */
  private static final Fixture LONG =
      new Fixture(matrix(8, 4, (i, j) -> 3 * RAW.x[i][j]), RAW.y, true, RAW.parameter);

  private static final Fixture UNIT_CENTRES =
      UNIT.of(matrix(8, 4, (q, j) -> Math.cos(0.4 + 0.8 * j + 1.2 * q + 0.15 * j * q)));

  private static final Fixture UNIT_TRIPLETS =
      UNIT.mined(Tuples.TRIPLETS, rows(8, i -> new int[] {i, (i + 4) % 8, (i + 1) % 8}));

  private static final double[][] SECOND =
      matrix(8, 4, (i, j) -> Math.sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2)));

  /** Of the second system. */
  private static final Fixture PAIRS =
      new Fixture(
          unit(SECOND),
          labels(8, i -> i / 2),
          false,
          matrix(5, 4, (c, j) -> Math.cos(0.9 * (c + 1) + 0.5 * (j + 1) * (c + 3))));

  private static final Fixture PAIRS_RAW =
      new Fixture(SECOND, PAIRS.y, PAIRS.normalized, PAIRS.parameter);

  private static final double[][] KEYS =
      unit(matrix(8, 4, (i, j) -> PAIRS.x[i][j] + 0.1 * PAIRS.x[i][(j + 3) % 4]));

  /** Half of its rows in one class, so that it matters how often a class counts. */
  private static final Fixture UNBALANCED =
      new Fixture(PAIRS.x, new long[] {0, 0, 0, 0, 1, 1, 2, 3}, false, PAIRS.parameter);

  /** With keys and a queue of twelve. */
  private static final Fixture QUEUE =
      PAIRS.given(
          Map.of(
              "keys", array(KEYS, 8, 4),
              "queue",
                  array(
                      unit(matrix(12, 4, (k, j) -> Math.cos(0.3 * (k + 1) * (j + 1) + 0.2 * k))),
                      12,
                      4)));

  /** With the rows in three other orders as sources, and networks that let them through. */
  private static final Fixture BRANCHES =
      PAIRS.given(
          Map.of(
              "sources",
                  array(
                      matrix(
                          24,
                          4,
                          (r, j) -> {
                            int i = r % 8;
                            return PAIRS.x[r < 8 ? 7 - i : (i + 8 - r / 8) % 8][j];
                          }),
                      3,
                      8,
                      4),
              "hidden", array(matrix(12, 4, (r, j) -> r % 4 == j ? 1 : 0), 3, 4, 4),
              "hidden-bias", array(new double[3][4], 3, 4),
              "output", array(matrix(12, 4, (r, j) -> r % 4 == j ? 1 : 0), 3, 4, 4),
              "output-bias", array(new double[3][4], 3, 4)));

  /** Two samples of each class at the end of an axis, where the miner of pairs keeps none. */
  private static final Fixture SEPARATED =
      new Fixture(matrix(8, 4, (i, j) -> i / 2 == j ? 1 : 0), PAIRS.y, false, null);

  private static final int[] NEGATIVES = {2, 4, 6, 0, 7, 1, 3, 5};
  private static final int[] FOURTHS = {5, 6, 0, 4, 3, 3, 1, 3};

  private static final Fixture PAIRS_TRIPLETS =
      PAIRS.mined(Tuples.TRIPLETS, rows(8, i -> new int[] {i, i ^ 1, NEGATIVES[i]}));

  private static final Fixture PAIRS_QUADRUPLETS =
      PAIRS.mined(Tuples.QUADRUPLETS, rows(8, i -> new int[] {i, i ^ 1, NEGATIVES[i], FOURTHS[i]}));

  /** Rows of Iris, of the third system. */
  private static final Fixture IRIS =
      new Fixture(
          new double[][] {
            {5.1, 3.5, 1.4, 0.2},
            {4.9, 3.0, 1.4, 0.2},
            {4.7, 3.2, 1.3, 0.2},
            {7.0, 3.2, 4.7, 1.4},
            {6.4, 3.2, 4.5, 1.5},
            {6.9, 3.1, 4.9, 1.5},
            {6.3, 3.3, 6.0, 2.5},
            {5.8, 2.7, 5.1, 1.9},
            {7.1, 3.0, 5.9, 2.1}
          },
          labels(9, i -> i / 3),
          true,
          new double[][] {{1, .5, .25, 0}, {.5, .5, .5, .25}, {.25, .5, .75, .5}});

  private static final Fixture IRIS_FIRST =
      new Fixture(Arrays.copyOf(IRIS.x, 6), Arrays.copyOf(IRIS.y, 6), true, IRIS.parameter);

  /** Negatives farther than the positive, by up to 0.1. */
  private static final Fixture IRIS_SEMIHARD = semihard(IRIS, 0.1);

  /** A pair of each class, with the other pairs' second ones as negatives. */
  private static final Fixture IRIS_N_PAIRS =
      IRIS.mined(
          Tuples.SETS, rows(9, k -> new int[] {3 * (k / 3), 3 * (k % 3) + 1, k % 4 == 0 ? 1 : 0}));

  /** Of the libraries' tests; the last class has no sample. */
  private static final Fixture LIBRARY =
      new Fixture(
          matrix(12, 8, (i, j) -> Math.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j)),
          labels(12, i -> i % 4),
          true,
          matrix(5, 8, (c, j) -> Math.cos(0.5 + 0.9 * c + 0.4 * j + 0.07 * c * j)));

  /** The same with three weights for each class. */
  private static final Fixture CENTRES =
      new Fixture(
          LIBRARY.x,
          LIBRARY.y,
          true,
          matrix(15, 8, (c, j) -> Math.cos(0.5 + 0.9 * c + 0.4 * j + 0.07 * c * j)));

  /** Its first rows in classes of three, as many as classes. */
  private static final Fixture THREES =
      new Fixture(Arrays.copyOf(LIBRARY.x, 9), labels(9, i -> i / 3), true, null);

  private static final Fixture LIBRARY_N_PAIRS =
      LIBRARY.mined(Tuples.SETS, rows(16, k -> new int[] {k / 4, k % 4 + 4, k % 5 == 0 ? 1 : 0}));

  private static final Fixture FIVE_ANGLES =
      new Fixture(
          matrix(5, 2, (i, j) -> ellipse(20 * i, j)), new long[] {0, 0, 1, 1, 2}, true, null);

  /** Anchors and positives of the two classes that have a pair, 2.3 times as long. */
  private static final Fixture SEVEN_ANGLES =
      new Fixture(
              matrix(7, 2, (i, j) -> 2.3 * ellipse(20 * i, j)),
              new long[] {0, 0, 1, 1, 1, 2, 3},
              true,
              null)
          .mined(Tuples.SETS, new int[][] {{0, 1, 1}, {0, 3, 0}, {2, 3, 1}, {2, 1, 0}});

  private static final int[] ANGLES = {0, 10, 20, 50, 60, 80};

  private static final Fixture SIX_ANGLES =
      new Fixture(
          matrix(6, 2, (i, j) -> Math.sin(Math.toRadians(ANGLES[i] + (j == 0 ? 90 : 0)))),
          new long[] {0, 0, 0, 1, 1, 2},
          false,
          null);

  /** The values that are known, by their sources, in the order of the fixtures. */
  static final List<TupleGolden> ALL =
      List.of(
          golden("triplet", "", UNIT_TRIPLETS, 1e-9, 3.3071388871, 2.35858673),
          golden("contrastive", "", UNIT_TRIPLETS, 2e-6, 2.1279226352, 0.50209975),
          golden("margin", "", UNIT_TRIPLETS, 1e-8, 0.7639613213),
          golden("margin", "count=triplets", UNIT_TRIPLETS, 1e-8, 1.5279226425, 0.50209971),
          golden("margin", "beta=0.6", UNIT_TRIPLETS, 1e-8, 1.1442599289),
          golden(
              "margin", "beta=0.6 count=triplets", UNIT_TRIPLETS, 1e-8, 1.5733573873, 0.65685172),
          golden("snr", "", UNIT_TRIPLETS, 1e-9, 3.3590649495, 0.80724773),
          golden("quadruplet", "", UNIT_TRIPLETS, 1e-9, 2.6558452923),
          golden("contrastive", "eps=1e-6", UNIT_TRIPLETS, 1e-9, 2.1279226352, 0.50209975),
          golden(
              "arcface-v2",
              "margin-degrees=28.64788975654116 scale=16 coded=true tail=none",
              UNIT,
              1e-9,
              17.0782795545,
              6.22200695),
          golden(
              "soft-triple-v2",
              "la=8 centers=2 coded=true",
              UNIT_CENTRES,
              1e-9,
              2.3168137821,
              0.92081793),
          golden("soft-triple-v2", "la=8 centers=2", UNIT_CENTRES, 1e-9, 4.4501403775),
          golden("proxy-anchor-v2", "", RAW, 1e-9, 52.8800769065, 10.13965714),
          golden("proxy-anchor-v2", "mode=nca", RAW, 1e-9, 35.8169251328, 5.77382954),
          golden("proxy-anchor-v2", "euclidean=true", RAW, 1e-9, 52.0629033197, 5.46606957),
          golden(
              "proxy-nca-v2",
              "distance=squared exclude-positive=true over=slots",
              RAW,
              1e-9,
              18.8740598446,
              4.36801547),
          golden("n-pair", "", RAW, 1e-9, 4.1921529876, 1.46986950),
          golden("angular", "", RAW, 1e-9, 15.4950255328),
          golden("lifted", "", RAW, 1e-8, 3.8243188900),
          golden("multi-similarity", "", UNIT, 1e-9, 1.6324558622, 1.20063288),
          //
          golden("margin", "", PAIRS_TRIPLETS, 1e-6, 0.528403),
          golden("margin", "count=triplets", PAIRS_TRIPLETS, 1e-6, 0.603889),
          golden("triplet", "", PAIRS_TRIPLETS, 1e-6, 0.414740),
          golden("contrastive", "", PAIRS_TRIPLETS, 2e-6, 1.172601),
          golden("quadruplet", "", PAIRS_QUADRUPLETS, 1e-6, 0.447904),
          golden("quadruplet", "second=all", PAIRS_QUADRUPLETS, 1e-6, 0.610107),
          golden("contrastive", "eps=1e-6", PAIRS_TRIPLETS, 1e-6, 1.172601),
          golden("multi-similarity", "mean=separate self=true", PAIRS, 1e-6, 0.939696),
          golden(
              "multi-similarity",
              "mean=separate self=true measure=euclidean",
              PAIRS,
              1e-6,
              1.064596),
          golden("multi-similarity", "mean=separate self=true", SEPARATED, 1e-6, 0.363902),
          golden("proxy-anchor-v2", "", PAIRS, 1e-6, 44.812553),
          golden("proxy-anchor-v2", "mode=nca", PAIRS, 1e-6, 33.324707),
          golden("proxy-anchor-v2", "euclidean=true", PAIRS, 1e-6, 48.880180),
          golden(
              "arcface-v2",
              "margin-degrees=28.64788975654116 scale=16 coded=true tail=none",
              PAIRS,
              1e-6,
              16.618599),
          golden("moco", "temperature=0.5", QUEUE, 1e-6, 1.322063),
          golden("moco", "", QUEUE, 1e-6, 0.005979),
          golden("moco", "temperature=0.5 weights=batch", QUEUE, 1e-6, 1.100728),
          golden("adversarial-separation", "weight=300", BRANCHES, 1e-7, -79.072601),
          golden("angular", "", PAIRS, 1e-6, 6.120475),
          golden("angular", "", PAIRS_RAW, 1e-6, 6.173495),
          golden("multi-similarity", "", PAIRS, 1e-6, 0.939696),
          //
          golden("contrastive", "neg-margin=0.5 mean=active", IRIS, 1e-8, 0.238015450),
          golden(
              "triplet", "squared=false margin=0.1 mean=active", IRIS_SEMIHARD, 1e-8, 0.031294088),
          golden("n-pair", "reg=0", IRIS_N_PAIRS, 1e-8, 1.054685969),
          golden("n-pair", "reg=0", IRIS_N_PAIRS.raw(), 1e-8, 4.749108377),
          golden("margin", "", IRIS, 1e-7, 1.062640986),
          golden("multi-similarity", "beta=50", IRIS, 1e-8, 0.768513030),
          golden("proxy-anchor-v2", "", IRIS, 1e-9, 33.033158367),
          golden("proxy-anchor-v2", "", IRIS_FIRST, 1e-9, 32.109437233),
          golden(
              "proxy-nca-v2", "distance=squared scale=5.656854249492381", IRIS, 1e-9, 2.380391080),
          //
          golden(
              "contrastive",
              "mean=active",
              LIBRARY,
              1e-11,
              1.379211305070,
              0.149302242281,
              4.837334467201e-03),
          golden(
              "contrastive",
              "measure=cosine pos-margin=1 neg-margin=0 mean=active",
              LIBRARY,
              1e-11,
              1.176735996455,
              0.261975207621,
              1.316330310796e-02),
          golden(
              "contrastive",
              "measure=noise mean=active",
              LIBRARY,
              1e-11,
              1.921390984210,
              0.413448637566,
              1.968553223051e-02),
          golden(
              "triplet",
              "squared=false margin=0.05 mean=active",
              LIBRARY,
              1e-11,
              0.218127624302,
              0.202269781111,
              1.140096239600e-02),
          golden(
              "triplet",
              "squared=false",
              LIBRARY,
              1e-11,
              0.190879716487,
              0.124780213153,
              6.325228875152e-03),
          golden(
              "triplet",
              "squared=false swap=true mean=active",
              LIBRARY,
              1e-11,
              0.334759073511,
              0.217437390035,
              1.209899572439e-02),
          golden(
              "triplet",
              "squared=false soft=true",
              LIBRARY,
              1e-11,
              0.765473489467,
              0.097252539345,
              6.349712918723e-03),
          golden("margin", "", LIBRARY, 1e-11, 0.315335406481, 0.113414581556, 3.776006984892e-03),
          golden(
              "lifted-structure",
              "",
              LIBRARY,
              1e-11,
              7.400308113757,
              0.717104847866,
              4.564314446997e-02),
          golden(
              "lifted",
              "reg=0",
              LIBRARY,
              1e-11,
              3.849276292333,
              0.186709720960,
              1.213001776837e-02),
          golden(
              "n-pair",
              "reg=0",
              LIBRARY_N_PAIRS,
              1e-11,
              1.318497758416,
              0.315125546570,
              -7.621982160369e-03),
          golden(
              "contrastive",
              "measure=squared-distance pos-margin=0.25 neg-margin=1.5 mean=active",
              FIVE_ANGLES,
              1e-11,
              1.162362343373),
          golden(
              "contrastive",
              "measure=cosine pos-margin=1.5 neg-margin=0.6 mean=active",
              FIVE_ANGLES,
              1e-11,
              0.779792382131),
          golden(
              "contrastive",
              "measure=cosine pos-margin=1.5 neg-margin=0.6",
              FIVE_ANGLES,
              1e-11,
              0.746344533471),
          golden("lifted-structure", "neg-margin=0.5", FIVE_ANGLES, 1e-11, 2.091247760159),
          golden("lifted", "neg-margin=0.5 reg=0 lonely=true", FIVE_ANGLES, 1e-11, 1.306979413911),
          golden(
              "contrastive",
              "measure=noise neg-margin=0.1 mean=active zero-mean=0.1",
              FIVE_ANGLES,
              1e-11,
              0.307562232601),
          golden("n-pair", "reg=0", SEVEN_ANGLES, 1e-11, 0.677380468674),
          golden("n-pair", "reg=1 reg-squared=true", SEVEN_ANGLES, 1e-11, 10.587119585471),
          golden("triplet", "squared=false mean=active", FIVE_ANGLES, 1e-11, 0.164933270898),
          golden("triplet", "squared=false", FIVE_ANGLES, 1e-11, 0.068722196208),
          golden("triplet", "squared=false soft=true", FIVE_ANGLES, 1e-11, 0.663125395707),
          golden("margin", "margin=0.1 beta=1", FIVE_ANGLES, 1e-11, 0.673143156589),
          //
          golden("multi-similarity", "measure=euclidean", PAIRS, 1e-6, 1.064596),
          golden(
              "multi-similarity",
              "beta=50 mining=false",
              LIBRARY,
              1e-11,
              0.909107735786,
              0.185992684755,
              8.400700889291e-03),
          golden("multi-similarity", "alpha=0.1 mining=false", FIVE_ANGLES, 1e-11, 5.810982113373),
          golden("histogram", "", UNIT, 1e-9, 0.9923569916, 0.67241736),
          golden("fastap", "", IRIS, 1e-8, 0.660345050),
          golden("fastap", "", LIBRARY, 1e-11, 0.759893596355, 0.137166856110, 5.523933417471e-03),
          golden("circle", "", LIBRARY, 1e-11, 80.351677162364, 35.687517231425, 2.694732829835),
          golden("circle", "m=0.25 gamma=256", FIVE_ANGLES, 1e-11, 213.389085708037),
          golden("nca", "", LIBRARY, 1e-11, 1.670415158118, 0.421675511101, 2.157433261121e-02),
          golden("nt-xent", "", LIBRARY, 1e-11, 5.850195702115, 4.150406204559, 3.239825100284e-01),
          golden("nt-xent", "temperature=0.1", SIX_ANGLES, 1e-11, 0.298143100644),
          golden("supcon", "", LIBRARY, 1e-11, 4.378500514789, 2.671821761256, 2.101826761337e-01),
          golden("supcon", "", SIX_ANGLES, 1e-11, 0.720060445082),
          golden("nt-xent", "temperature=0.1 mean=anchors", SIX_ANGLES, 1e-11, 0.352942415717),
          golden("nt-xent", "temperature=0.1 measure=distance", SIX_ANGLES, 1e-11, 0.062355109397),
          golden("supcon", "measure=distance", SIX_ANGLES, 1e-11, 0.605162997340),
          golden(
              "proxy-anchor-v2",
              "",
              LIBRARY,
              1e-11,
              20.182801941594,
              11.195252061963,
              -1.881718007376e-01),
          golden(
              "proxy-nca-v2",
              "distance=squared scale=1",
              LIBRARY,
              1e-11,
              1.789587621566,
              0.292963535511,
              -4.163256464868e-02),
          golden(
              "proxy-nca-v2",
              "distance=squared",
              LIBRARY,
              1e-11,
              4.794896210446,
              3.507769823351,
              -4.265964104789e-01),
          golden(
              "soft-triple-v2",
              "centers=3 tau=0",
              CENTRES,
              1e-11,
              6.566133314191,
              3.059101515865,
              1.324460707209e-02),
          golden(
              "arcface-v2", "", LIBRARY, 1e-11, 45.358212162611, 11.913552966625, -1.168777758276),
          golden(
              "softmax",
              "margin=0.35 temperature=0.015625",
              LIBRARY,
              1e-11,
              37.941795077532,
              13.120236087087,
              -1.305098241263),
          golden("softmax", "", UNIT, 1e-9, 17.8578072559, 9.87882600),
          golden("softmax", "", LONG, 1e-9, 17.8578072559, 1.53157461),
          golden(
              "softmax", "", LIBRARY, 1e-11, 5.242430826716, 3.924326423123, -4.717255256090e-01),
          golden("proxy-nca-v2", "", RAW, 1e-9, 2.9425431537, 0.64399948),
          golden(
              "proxy-nca-v2",
              "distance=squared exclude-positive=true",
              RAW,
              1e-9,
              13.5474519861,
              4.79444036),
          golden("proxy-nca-v2", "distance=squared exclude-positive=true", PAIRS, 1e-6, 13.813594),
          golden("proxy-nca-v2", "exclude-positive=true", PAIRS, 1e-6, 2.507887),
          golden("proxy-nca-v2", "distance=product exclude-positive=true", PAIRS, 1e-6, 7.029918),
          golden("proxy-nca-v2", "distance=squared", PAIRS, 1e-6, 13.870289),
          // numpy, of the formulas that the first two systems have
          golden(
              "proxy-nca-v2",
              "distance=squared exclude-positive=true temperature=0.5 tempered=positive",
              PAIRS,
              1e-11,
              34.00143741706091),
          golden(
              "proxy-nca-v2",
              "distance=squared exclude-positive=true temperature=0.5",
              PAIRS,
              1e-11,
              27.452198627856802),
          golden(
              "proxy-anchor-v2",
              "repeat-labels=true neg-mean=present",
              UNBALANCED,
              1e-11,
              52.148565062156166),
          golden("proxy-anchor-v2", "", UNBALANCED, 1e-11, 46.45011769506277),
          // pytorch-metric-learning 2.9.0 on these rows
          golden(
              "histogram", "", LIBRARY, 1e-11, 0.469017936903, 0.313789793237, 1.897699566647e-03),
          golden(
              "tuplet-margin",
              "",
              LIBRARY,
              1e-11,
              18.568736006290,
              21.121061407702,
              1.356741221762),
          golden(
              "intra-pair-variance",
              "",
              LIBRARY,
              1e-11,
              0.074558938837,
              0.029907471173,
              9.984422541591e-04),
          golden(
              "smooth-ap", "", THREES, 1e-11, 0.161063033299, 0.062001078907, -3.478231639453e-03),
          golden(
              "smooth-ap",
              "temperature=0.1",
              THREES,
              1e-11,
              0.193725952997,
              0.118944546373,
              -1.495859702302e-02),
          golden(
              "sphereface",
              "",
              LIBRARY.raw(),
              1e-11,
              7.737535974668,
              1.077296445954,
              8.678563792516e-02),
          golden(
              "sub-center-arcface",
              "",
              CENTRES,
              1e-11,
              47.856779016453,
              10.345442268815,
              -5.199653307755e-01));

  /**
   * @param numbers the value, and where they are known the length of the gradient and its first
   *     entry
   */
  private static TupleGolden golden(
      String loss, String params, Fixture on, double digits, double... numbers) {
    double gradient = numbers.length > 1 ? numbers[1] : Double.NaN;
    double first = numbers.length > 2 ? numbers[2] : Double.NaN;
    return new TupleGolden(loss, params, on, digits, numbers[0], gradient, first);
  }

  /** The loss with its parameters. */
  TupleLoss create() {
    Map<String, String> given = new LinkedHashMap<>();
    Stream.of(params.split(" "))
        .filter(word -> !word.isEmpty())
        .forEach(word -> given.put(word.split("=")[0], word.split("=")[1]));
    return TupleLosses.create(loss, given);
  }

  /** The batch, as an oracle and a program take it. */
  TupleCase batch(TupleLoss created) {
    Map<String, TupleCase.Learned> learned = new LinkedHashMap<>();
    Stream.concat(created.learned().stream(), created.given().stream())
        .forEach(
            one -> {
              if (on.arrays.containsKey(one.name())) {
                learned.put(one.name(), on.arrays.get(one.name()));
                return;
              }
              double[][] p = on.parameter;
              int width = p[0].length;
              int each = one.sizes().size() == 2 ? 1 : Integer.parseInt(one.sizes().get(1));
              long[] shape =
                  each == 1
                      ? new long[] {p.length, width}
                      : new long[] {p.length / each, each, width};
              learned.put(one.name(), new TupleCase.Learned(shape, TupleRun.flat(p)));
            });
    Map<String, Object> all = TupleLosses.params(created);
    return TupleCase.of(loss + " " + params, on.x, on.y)
        .normalized(on.normalized)
        .mined(on.mined, on.tuples)
        .with(on.x, learned)
        .params(all);
  }

  @Override
  public String toString() {
    return loss + " " + params + (on.mined == null ? "" : " of " + on.mined) + ": " + value;
  }

  private static TupleCase.Learned array(double[][] rows, long... shape) {
    return new TupleCase.Learned(shape, TupleRun.flat(rows));
  }

  private interface Entry {
    double at(int i, int j);
  }

  private interface Row {
    int[] at(int i);
  }

  private static int[][] rows(int count, Row row) {
    return IntStream.range(0, count).mapToObj(row::at).toArray(int[][]::new);
  }

  private static double[][] matrix(int rows, int columns, Entry entry) {
    double[][] matrix = new double[rows][columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        matrix[i][j] = entry.at(i, j);
      }
    }
    return matrix;
  }

  private static double[][] unit(double[][] rows) {
    return Arrays.stream(rows).map(TupleCase::unit).toArray(double[][]::new);
  }

  private static Fixture semihard(Fixture on, double margin) {
    TupleCase all = TupleCase.of("all", on.x, on.y).normalized(true);
    int[][] kept =
        all.triplets().stream()
            .filter(
                t -> {
                  double over = all.distance(t[0], t[2]) - all.distance(t[0], t[1]);
                  return 0 < over && over <= margin;
                })
            .toArray(int[][]::new);
    return on.mined(Tuples.TRIPLETS, kept);
  }

  private static double ellipse(double degrees, int j) {
    double angle = Math.toRadians(degrees);
    return j == 0 ? 2 * Math.cos(angle) : 0.5 * Math.sin(angle);
  }

  private static long[] labels(int count, IntUnaryOperator label) {
    return IntStream.range(0, count).map(label).asLongStream().toArray();
  }
}
