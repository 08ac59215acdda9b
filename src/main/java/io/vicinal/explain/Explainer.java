package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.reweight.Reweighted;
import io.vicinal.curate.study.FieldStudy;
import io.vicinal.curate.study.NoiseStudy;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.influence.verify.Probe;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.train.TrainedHead;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Explains a head: which training samples are to blame for what it confuses, and whether solving
 * again agrees. What is expensive is made when it is first needed, once, and freed by {@link
 * #close}. Other options take effect at once: what they change is freed, and made again when it is
 * needed; what was found before stays valid.
 *
 * <pre>{@code
 * try (Explainer explainer = Explainer.of(head, data, test)) {
 *   Attributions found = explainer.explain(explainer.confused(10));
 *   System.out.println(found.main().harmful(0, 3));
 * }
 * }</pre>
 *
 * <p>For one thread at a time.
 */
public final class Explainer implements AutoCloseable {
  private final boolean own; // the backend
  private final Arena arena; // of the subject, where it was made here
  private final Arena found = Arena.host(); // scores, wherever they were computed
  private Setup setup;
  private Progress listener = Progress.NONE;
  private Methods methods;
  private Scoring scoring;
  private boolean closed;

  Explainer(Backend backend, boolean own, Arena arena, Subject subject) {
    this.own = own;
    this.arena = arena;
    Progress progress =
        (stage, done, total, products, residual) ->
            listener.at(stage, done, total, products, residual);
    setup = new Setup(backend, subject, ExplainerOptions.defaults(), Pieces.NONE, progress);
    methods = new Methods(setup);
  }

  /**
   * Of a head that was trained in memory, on the processor.
   *
   * @param data all samples that it was given, those held out too, with their classes
   * @param test the test samples, of any classes; or null where nothing is asked about confusions
   * @throws InputException if they do not fit the head
   */
  public static Explainer of(TrainedHead head, FeatureSet data, FeatureSet test) {
    Backend backend = Backend.cpu();
    Arena arena = new Arena(backend.memory());
    try {
      Subject subject =
          Subject.of(head.loss(), head.head(), data, head.samples(), head.classes(), test, arena);
      return new Explainer(backend, true, arena, subject);
    } catch (RuntimeException | Error e) {
      arena.close();
      backend.close();
      throw e;
    }
  }

  /** Of anything, on a backend that stays open. */
  public static Explainer of(Backend backend, Subject subject) {
    return new Explainer(backend, false, new Arena(backend.memory()), subject);
  }

  /**
   * Computes as these options say from now on. What {@link #problem} and {@link #explanation} gave
   * is freed if they are others.
   *
   * @throws InputException if a method does not exist for the loss
   */
  public Explainer with(ExplainerOptions how) {
    Objects.requireNonNull(how, "options");
    if (!how.equals(setup.options())) {
      Setup next =
          new Setup(setup.backend(), setup.subject(), how, setup.pieces(), setup.progress());
      Methods asked = new Methods(next);
      free();
      setup = next;
      methods = asked;
    }
    return this;
  }

  /** Keeps finished pieces there from now on, and takes them from there. */
  public Explainer keeping(Pieces there) {
    Objects.requireNonNull(there, "pieces");
    if (there != setup.pieces()) {
      freeScoring();
      setup = new Setup(setup.backend(), setup.subject(), setup.options(), there, setup.progress());
    }
    return this;
  }

  /**
   * Makes the methods, those that follow a training by training again, which the first question
   * would do else: what they refuse is refused here.
   *
   * @throws InputException if a method cannot follow the run
   */
  public Explainer prepare() {
    methods().all();
    return this;
  }

  /** Says how far it is. */
  public Explainer with(Progress other) {
    listener = Objects.requireNonNull(other, "progress");
    return this;
  }

  /** Every test sample's nearest other one, by cosine. */
  public Confusions confusions() {
    return open().subject().confusions(setup.backend(), Neighbouring.COSINE);
  }

  /** Queries by what is measured, see {@link ConfusionMeasure#parse}. */
  public Queries queries(String measure) {
    return Queries.of(open().backend(), setup.subject(), ConfusionMeasure.parse(measure));
  }

  /** The distances of the first wrong neighbours of the test set, as queries. */
  public List<Query> confused(int most) {
    return queries("distance").ofPairs(confusions().pairs().stream().limit(most).toList());
  }

  /**
   * Which training samples move the queries. The scores of each method take 8 bytes per query and
   * training sample outside the Java heap until {@link #close}; what was found must not be read
   * after that.
   *
   * @param queries one or more
   * @throws InputException if there are none, the damping does not suffice, or memory does not
   */
  public Attributions explain(List<Query> queries) {
    requireSome(queries);
    List<Attribution> all = scoring().run(methods.all(), queries, found);
    return new Attributions(queries, values(queries), all, damping());
  }

  /**
   * The scores of a method at another damping.
   *
   * @param factor times the damping in use
   * @param method one of those in the options
   * @return [Q][N]; null if nothing can be solved there
   * @throws InputException if the options do not have the method
   */
  public double[][] scoresAt(double factor, String method, List<Query> queries) {
    return scoring().scoresAt(factor, methods.named(method), queries);
  }

  /** The values of queries' measurements at the delivered head. */
  public double[] values(List<Query> queries) {
    List<Measurement> measurements = queries.stream().map(Query::measurement).toList();
    Embedded embedded = embedded(measurements);
    return measurements.stream().mapToDouble(m -> m.value(embedded)).toArray();
  }

  /** Squared distances of the pairs that queries stand for, at the delivered head, by query. */
  public List<double[]> distances(List<Query> queries) {
    Embedded embedded = embedded(queries.stream().flatMap(Explainer::pairs).toList());
    return queries.stream()
        .map(query -> pairs(query).mapToDouble(pair -> pair.value(embedded)).toArray())
        .toList();
  }

  /** The test samples that some measurements read, under the delivered head. */
  private Embedded embedded(List<? extends Measurement> measurements) {
    TestSet test = open().subject().testSet(setup.backend());
    return test.embed(setup.subject().model().head(), test.rowsOf(measurements));
  }

  private static Stream<PairDistance> pairs(Query query) {
    return query.pairs().stream().map(pair -> new PairDistance(pair.i(), pair.j()));
  }

  /**
   * What {@link #explain} will take where systems are solved, else null.
   *
   * @throws InputException if there are no queries, or the memory will not do
   */
  public Forecast forecast(List<Query> queries) {
    requireSome(queries);
    return scoring().forecast(methods.all(), queries);
  }

  private static void requireSome(List<Query> queries) {
    if (queries.isEmpty()) {
      throw new InputException(
          "queries: there are none to explain; where no test sample is confused, give other test"
              + " samples or queries of your own");
    }
  }

  /** The ends of the curvature's spectrum where results were taken, or null without EK-FAC. */
  public Spectrum spectrum(Attributions found) {
    return scoring().spectrum(found.moved());
  }

  /**
   * Checks the first explanations of a method: its scores at a third and three times the damping,
   * and the head solved again, in double, without the samples that matter most.
   *
   * @param first how many
   * @throws InputException if the method answers no queries or is none of the options', they were
   *     explained at another damping, or the head cannot be solved again
   */
  public Miniature check(Attributions found, Attribution one, int first, MiniatureOptions budget) {
    if (Attributions.isSelf(one.method())) {
      throw Attributions.selfAlone();
    }
    requireSameDamping(found);
    int count = Math.min(first, found.queries().size());
    List<Query> queries = found.queries().subList(0, count);
    Estimator estimator = methods().named(one.method());
    Check check = new Check(scoring(), estimator, queries, found.delivered(), one.first(count));
    List<Probe> probes = queries.stream().map(Probe::of).toList();
    boolean twin = scoring().problem().dtype() != DType.F64;
    try (Scoring exact = twin ? scoring().exact() : null;
        Experiments experiments = new Experiments(twin ? exact : scoring(), probes)) {
      return check.brief(budget, experiments);
    }
  }

  /**
   * Compares the predictions with what solving again shows, by the main method.
   *
   * @throws InputException if no method answers queries, the main one is none of the options', or
   *     they were explained at another damping
   */
  public Verified verify(Attributions found, VerifyPlan plan) {
    requireSameDamping(found);
    Verifier verifier = new Verifier(scoring(), found);
    return verifier.run(plan, methods.named(found.main().method()));
  }

  /** Predictions of one damping say nothing about a head that is solved again at another. */
  private void requireSameDamping(Attributions found) {
    if (found.damping().lambda() != damping().lambda()) {
      throw new InputException(
          "damping: the queries were explained at "
              + found.damping()
              + ", and it is "
              + damping()
              + " now; explain them again");
    }
  }

  /** How evidence on labels is gathered, and heads are trained, where nobody says how. */
  public EvidenceOptions evidence() {
    return EvidenceOptions.of(setup.subject().training(List.of()), 0);
  }

  /**
   * Which labels are wrong, and what they should be. Neither the head nor a test set is needed to
   * be good: detectors that cannot work are left out.
   *
   * @throws InputException if nothing tells the samples apart, they are too many, or a detector
   *     that was named cannot work
   */
  public Mislabelled mislabelled(AuditOptions how) {
    try (LabelSearch search = new LabelSearch(open(), how)) {
      return search.run();
    }
  }

  /**
   * Trains a head on the labels as they are and one on the cleaned ones, and measures both, and the
   * delivered one, on the test set.
   *
   * @param how heads are trained, with the seed of labels that are drawn
   */
  public Relabelled relabel(Relabelling labels, Relabelling.Mode mode, EvidenceOptions how) {
    return Relabelled.of(open().backend(), setup.subject(), labels, mode, how);
  }

  /**
   * Trains again for each query and method that answers queries, with weights by the signs of its
   * scores.
   *
   * @throws InputException if no method does
   */
  public Reweighted reweight(Attributions found, ReweightOptions how) {
    return new Reweighting(open(), this::scoring, how).by(found);
  }

  /**
   * Trains again with given weights, one head for all queries.
   *
   * @param weights one per training sample, 0 or more
   */
  public Reweighted reweight(List<Query> queries, double[] weights, ReweightOptions how) {
    return new Reweighting(open(), this::scoring, how).given(queries, weights);
  }

  /**
   * What a rule recommends for every training sample, and what is special about those that are
   * known to be wrong.
   *
   * @param known wrong labels in the head's numbers, or null
   * @throws InputException if some are known and there are no test samples
   */
  public LabelStudy study(RelabelRule rule, EvidenceOptions how, LabelNoise known) {
    Subject subject = open().subject();
    if (known != null) {
      subject.testSamples(); // those that are known are seen by what confuses them
    }
    try (Evidence evidence = Evidence.of(setup.backend(), subject.model(), subject.test(), how)) {
      setup.progress().at("recommending labels", 0, 1, 0, Double.NaN);
      return new LabelStudy(
          FieldStudy.of(evidence, rule),
          known == null ? null : NoiseStudy.of(evidence, known, setup.progress()));
    }
  }

  /** What is explained. */
  public Subject subject() {
    return setup.subject();
  }

  /** How it computes. */
  public ExplainerOptions options() {
    return setup.options();
  }

  /** The head's problem, with its curvature. */
  public HeadProblem problem() {
    return scoring().problem();
  }

  /** What methods share, at the damping in use: for estimators of one's own. */
  public Explanation explanation() {
    return scoring().explanation();
  }

  /** The damping in use: the given one, or what an automatic one was raised to. */
  public Damping damping() {
    return scoring().damping();
  }

  private Setup open() {
    if (closed) {
      throw new IllegalStateException("the explainer is closed");
    }
    return setup;
  }

  private Scoring scoring() {
    if (scoring == null) {
      scoring = Scoring.open(open());
    }
    return scoring;
  }

  private Methods methods() {
    open();
    return methods;
  }

  private void free() {
    try {
      freeScoring();
    } finally {
      methods.close();
    }
  }

  private void freeScoring() {
    Scoring scored = scoring;
    scoring = null;
    if (scored != null) {
      scored.close();
    }
  }

  /**
   * Frees what it computed, the scores that it gave too; what computes throws {@link
   * IllegalStateException} then. Idempotent.
   */
  @Override
  public void close() {
    closed = true;
    try {
      free();
    } finally {
      try {
        found.close();
        arena.close();
      } finally {
        if (own) {
          setup.backend().close();
        }
      }
    }
  }
}
