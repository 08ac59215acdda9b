package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.explain.ConfusionMeasure;
import io.vicinal.explain.Queries;
import io.vicinal.explain.Subject;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.Query;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Which confusions are explained. */
final class QueryOptions {
  /** How many pairs the published experiments explain. */
  private static final int PAIRS = 50;

  /** How many groups they explain. */
  private static final int GROUPS = 10;

  /** What a command explains when nothing is said. */
  enum Kind {
    PAIRS,
    GROUPS
  }

  @Option(
      names = "--pairs",
      paramLabel = "pairs.csv",
      description = {
        "Explain these pairs of test samples: a header line with columns i and j, positions or names,",
        "such as confusions.csv. Without it the first wrong pairs, " + PAIRS + " at most."
      })
  Path pairs;

  @Option(
      names = "--groups",
      paramLabel = "K",
      description =
          "Explain the confusions of the K worst classes, a group each; default: " + GROUPS)
  Integer groups;

  @Option(
      names = "--metric",
      paramLabel = "HOW",
      defaultValue = "cosine",
      description = "How neighbours are found: cosine, or raw (Euclidean); default: cosine.")
  String metric;

  @Option(
      names = "--measure",
      paramLabel = "WHAT",
      defaultValue = "distance",
      description = {
        "What is measured: distance (squared, of the pairs; default), triplet (how much nearer i's",
        "nearest of its class is than j; pairs only), class-confusion (mean distance of the two",
        "classes), recall@K (smoothed recall of i, or of the class)."
      })
  String measure;

  /** Refuses combinations that cannot be meant, before anything is read. */
  Kind check(Kind kind) {
    if (pairs != null && groups != null) {
      throw new InputException("--pairs: excludes --groups; keep one of the two");
    }
    if (groups != null && groups < 1) {
      throw new InputException(
          "--groups: " + groups + " is not a number of classes; give 1 or more");
    }
    neighbouring(metric);
    Kind asked = pairs != null ? Kind.PAIRS : groups != null ? Kind.GROUPS : kind;
    if (measure().kind() == ConfusionMeasure.Kind.TRIPLET && asked == Kind.GROUPS) {
      throw new InputException(
          "--measure: triplet is of single test samples, not of classes; ask for pairs");
    }
    return asked;
  }

  static Neighbouring neighbouring(String metric) {
    try {
      return Neighbouring.parse(metric);
    } catch (InputException e) {
      throw new InputException("--metric: '" + metric + "' is unknown; choose cosine or raw", e);
    }
  }

  private ConfusionMeasure measure() {
    return MethodOptions.named(() -> ConfusionMeasure.parse(measure));
  }

  /**
   * The queries.
   *
   * @param kind what {@link #check} returned
   * @throws InputException if there is nothing to explain
   */
  List<Query> ask(ModelInputs inputs, Kind kind) {
    Subject subject = inputs.subject();
    Queries queries = MethodOptions.named(() -> Queries.of(inputs.backend(), subject, measure()));
    if (kind == Kind.PAIRS && pairs != null) {
      List<Pair> given = PairsFile.read(pairs, subject.test().samples(), subject.testNames());
      return MethodOptions.named(() -> queries.ofPairs(given));
    }
    Confusions found = subject.confusions(inputs.backend(), neighbouring(metric));
    if (found.wrong().length == 0) {
      throw new InputException(
          subject.test().name()
              + (found.lone() == found.queries()
                  ? ": no two test samples have the same label, so that none has a right neighbour"
                  : ": every test sample's nearest neighbour has its label")
              + (found.lone() > 0 && found.lone() < found.queries()
                  ? " where another sample has it"
                  : "")
              + ", so there is no confusion to explain; name pairs with --pairs");
    }
    return MethodOptions.named(
        () ->
            kind == Kind.PAIRS
                ? queries.ofPairs(found.pairs().stream().limit(PAIRS).toList())
                : queries.ofGroups(found.groups(groups == null ? GROUPS : groups)));
  }
}
