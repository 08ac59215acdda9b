package io.vicinal.influence.verify;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What is solved again within a budget; the rule of the badges has a test of its own. */
class MiniatureTest {
  private static final Stability STABLE = new Stability(new double[] {0.5, 0.95, 0.95, 0.5});
  private static final Stability SHAKY = new Stability(new double[] {0.5, 0.95, 0.85, 0.5});
  private static final double[] TRUTH = {0.5, -0.4, 0.3, 0.01, -0.02, 0.03, 0, 0.01};
  private static final MiniatureOptions OPTIONS = new MiniatureOptions(3, 2, 10_000, 60, 0);

  private static Miniature run(double[] scores, Stability stability, MiniatureOptions options) {
    FakeModel model = new FakeModel(new double[][] {TRUTH}, 0);
    List<Stability> all = stability == null ? null : List.of(stability);
    return Miniature.run(
        List.of("pair 3-4"),
        new double[][] {scores},
        all,
        List.of(Set.of()),
        options,
        model::resolve);
  }

  private static Badge badge(double[] scores, Stability stability, MiniatureOptions options) {
    return run(scores, stability, options).queries().get(0).badge();
  }

  private static double[] scaled(double factor) {
    return Arrays.stream(TRUTH).map(v -> factor * v).toArray();
  }

  @Test
  void verified() {
    Miniature miniature = run(scaled(0.9), SHAKY, OPTIONS);
    Miniature.Line line = miniature.queries().get(0);
    assertThat(line.badge()).isEqualTo(Badge.VERIFIED).hasToString("verified");
    assertThat(line.top()).containsExactly(0, 1, 2);
    assertThat(line.actual())
        .containsExactly(new double[] {TRUTH[0], TRUTH[1], TRUTH[2]}, within(1e-12));
    assertThat(line.largestSizeError()).isCloseTo(0.1, within(1e-12));
    assertThat(miniature.outcomes()).hasSizeBetween(3, 5);
    assertThat(miniature.verification().pearson()).isCloseTo(1, within(1e-12));
    assertThat(miniature.skipped()).isZero();
    assertThat(miniature.products()).isEqualTo(50L * miniature.outcomes().size());
  }

  @Test
  void theSizeIsOff() {
    assertThat(badge(scaled(0.74), STABLE, OPTIONS)).isEqualTo(Badge.STABLE);
    assertThat(badge(scaled(0.74), SHAKY, OPTIONS)).isEqualTo(Badge.UNSTABLE);
    assertThat(badge(scaled(0.74), null, OPTIONS)).isEqualTo(Badge.UNSTABLE);
  }

  /** What stands beside a badge is what the rule looked at: no pool where a large one hides it. */
  @Test
  void oneSmallRemovalIsOff() {
    double[] scores = TRUTH.clone();
    scores[2] = 1.3 * TRUTH[2];
    Miniature.Line line = run(scores, STABLE, OPTIONS).queries().get(0);
    assertThat(line.badge()).isEqualTo(Badge.STABLE);
    assertThat(line.verdict().doubts()).containsExactly(Doubt.SIZE);
    assertThat(line.largestSizeError()).isCloseTo(0.3, within(1e-9));
  }

  @Test
  void oneSignIsWrong() {
    double[] scores = TRUTH.clone();
    scores[2] = -0.3;
    assertThat(badge(scores, STABLE, OPTIONS)).isEqualTo(Badge.UNSTABLE);
  }

  @Test
  void theBudgetEnds() {
    MiniatureOptions two = OPTIONS.withBudget(101, 60);
    Miniature miniature = run(TRUTH, STABLE, two);
    assertThat(miniature.outcomes()).hasSize(2);
    assertThat(miniature.skipped()).isBetween(1, 3);
    Miniature.Line line = miniature.queries().get(0);
    assertThat(line.badge()).isEqualTo(Badge.STABLE).hasToString("predicted, stable");
    assertThat(line.actual()[2]).isNaN();
    assertThat(badge(TRUTH, SHAKY, two)).isEqualTo(Badge.UNSTABLE).hasToString("unstable");
    Miniature none = run(TRUTH, STABLE, OPTIONS.withBudget(0, 60));
    assertThat(none.outcomes()).isEmpty();
    assertThat(none.verification()).isNull();
    assertThat(none.queries().get(0).badge()).isEqualTo(Badge.STABLE);
    assertThat(run(TRUTH, STABLE, OPTIONS.withBudget(100, 0)).outcomes()).isEmpty();
  }

  /** A single solve does not outlast the budget: it is told, gives up, and is not counted. */
  @Test
  void oneSolveTakesTooLong() {
    FakeModel model = new FakeModel(new double[][] {TRUTH}, 0);
    AtomicLong now = new AtomicLong();
    Miniature miniature =
        Miniature.run(
            List.of("pair 3-4"),
            new double[][] {TRUTH},
            List.of(STABLE),
            List.of(Set.of()),
            OPTIONS,
            (edit, enough) -> {
              assertThat(enough.getAsBoolean()).isFalse();
              if (model.resolved == 0) {
                now.addAndGet(1_000_000_000L);
                return model.resolve(edit);
              }
              while (!enough.getAsBoolean()) {
                now.addAndGet(1_000_000_000L);
              }
              return null;
            },
            now::get);
    assertThat(now.get()).isEqualTo(60_000_000_000L);
    assertThat(miniature.seconds()).isEqualTo(60);
    assertThat(miniature.outcomes()).hasSize(1);
    assertThat(miniature.skipped()).isPositive();
    Miniature.Line line = miniature.queries().get(0);
    assertThat(line.verdict().doubts()).containsExactly(Doubt.UNSOLVED);
    assertThat(line.badge()).isEqualTo(Badge.STABLE);
  }

  @Test
  void nothingIsPredicted() {
    assertThat(badge(new double[8], SHAKY, OPTIONS)).isEqualTo(Badge.UNSTABLE);
  }

  @Test
  void samplesThatWereNotTrainedOnAreLeftAlone() {
    double[] scores = TRUTH.clone();
    Arrays.fill(scores, 3, 8, Double.NaN);
    Miniature miniature = run(scores, STABLE, OPTIONS);
    assertThat(miniature.outcomes()).hasSize(3);
    assertThat(miniature.queries().get(0).badge()).isEqualTo(Badge.VERIFIED);
  }

  @Test
  void badOptions() {
    refused(() -> new MiniatureOptions(0, 1, 10, 1, 0));
    refused(() -> OPTIONS.withBudget(-1, 1));
  }
}
