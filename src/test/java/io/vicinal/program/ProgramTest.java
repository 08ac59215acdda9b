package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.program.example.MultiSimilarity;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Programs as texts and as graphs. */
class ProgramTest {
  private static final Program LOSS = new MultiSimilarity(2, 40, 0.5).program();
  private static final Program GRADIENT = Reverse.of(LOSS, "loss", List.of("embedding"));
  private static final Program PRODUCT =
      Forward.of(GRADIENT, List.of("gradient.embedding"), List.of("embedding"));

  private final Graph graph = new Graph();
  private final Expr x = graph.real("x", "B", "d");
  private final Expr y = graph.real("y", "B", "d");

  @Test
  void aTextIsReadBackAsTheSameProgram() {
    for (Program program : List.of(LOSS, GRADIENT, PRODUCT)) {
      Program read = ProgramParser.parse(program.toString());
      assertThat(read.toString()).isEqualTo(program.toString());
      assertThat(read.outputs().keySet()).isEqualTo(program.outputs().keySet());
    }
  }

  @Test
  void operandsComeFirst() {
    Set<Expr> before = new HashSet<>();
    for (Expr node : PRODUCT.nodes()) {
      assertThat(before).containsAll(node.operands());
      before.add(node);
    }
    assertThat(PRODUCT.inputs())
        .extracting(Expr::name)
        .containsExactly("embedding", "labels", "direction.embedding");
  }

  @Test
  void sizesOfJoinedAndCutAxesAreKnownWhereTheyFollow() {
    Expr a = graph.real("a", "B", "3");
    Expr b = graph.real("b", "B", "5");
    assertThat(a.concat(b, 1).known(1)).isEqualTo(8);
    assertThat(b.slice(1, 2).known(1)).isEqualTo(3);
    assertThat(b.slice(1, -2).known(1)).isEqualTo(2);
    assertThat(b.slice(1, 1, -1).known(1)).isEqualTo(3);
    assertThat(b.slice(1, -4, 3).known(1)).isEqualTo(2);
    assertThat(b.slice(1, -4, -1).known(1)).isEqualTo(3);
    assertThat(a.slice(0, 1, 4).known(0)).isEqualTo(3);
    assertThat(a.slice(0, -2).known(0)).isEqualTo(2);
    assertThatThrownBy(() -> a.concat(b, 0)).hasMessageContaining("axis 1 has 3 and 5 entries");
    assertThatThrownBy(() -> a.slice(0, 1).known(0)).hasMessageContaining("no known size");
    assertThatThrownBy(() -> a.concat(a, 0).known(0)).hasMessageContaining("no known size");
  }

  @Test
  void whatIsWrittenTwiceIsOneExpression() {
    assertThat(x.times(y).plus(1)).isSameAs(x.times(y).plus(1));
    assertThat(x.sum(1, 0)).isSameAs(x.sum(0, 1));
    assertThat(x.sum(0)).isNotSameAs(x.sum(1));
    assertThat(x.times(y)).isNotSameAs(y.times(x));
    assertThat(graph.real("x", "B", "d")).isSameAs(x);
  }

  /** Else what a mask leaves out of a grid of B x B x B is computed and then multiplied by 0. */
  @Test
  void aMaskIsInFrontOfAllThatItLeaves() {
    Expr mask = x.step();
    Expr kept = mask.select(x, 0);
    assertThat(kept.times(y)).isSameAs(mask.select(x.times(y), 0));
    assertThat(y.times(kept)).isSameAs(mask.select(y.times(x), 0));
    assertThat(kept.over(y).negate()).isSameAs(mask.select(x.over(y).negate(), 0));
    assertThat(kept.minus(mask.select(y, 0))).isSameAs(mask.select(x.minus(y), 0));
    assertThat(kept.times(kept)).isSameAs(mask.select(x.times(x), 0));
    assertThat(mask.select(kept, 0)).isSameAs(kept);
    assertThat(kept.plus(y).operation()).isEqualTo(Operation.ADD);
    assertThat(y.over(kept).operation()).isEqualTo(Operation.DIV);
    assertThat(y.step().select(y, 0).plus(kept).operation()).isEqualTo(Operation.ADD);
    assertThat(mask.select(x, 1).times(y).operation()).isEqualTo(Operation.MUL);
  }

  @Test
  void whatChangesNothingIsNotMade() {
    assertThat(x.plus(0)).isSameAs(x);
    assertThat(graph.constant(0).plus(x)).isSameAs(x);
    assertThat(x.minus(0)).isSameAs(x);
    assertThat(x.times(1)).isSameAs(x);
    assertThat(x.over(1)).isSameAs(x);
    assertThat(x.negate().negate()).isSameAs(x);
    assertThat(x.stop().stop()).isSameAs(x.stop());
    assertThat(x.transposed().transposed()).isSameAs(x);
    assertThat(x.exp().sumLike(y)).isSameAs(x.exp());
    assertThat(x.matmul(y.transposed()).operands()).containsExactly(x, y);
    assertThat(x.sum(1).broadcastLike(x).times(y).operands()).containsExactly(x.sum(1), y);
  }

  /** NaN times 0 is NaN, and a number plus a matrix of zeros is a matrix. */
  @Test
  void aMatrixThatIsItsOwnTransposeIsNotTransposed() {
    Expr labels = graph.integer("labels", "B");
    Expr alike = labels.column().sameAs(labels.row());
    Expr self = alike.index(0).equalTo(alike.index(1));
    Expr lengths = x.square().sum(1);
    Expr symmetric =
        alike.select(lengths.plus(lengths.transposed()).minus(x.gram()).exp(), self.not());
    assertThat(symmetric.transposed()).isSameAs(symmetric);
    assertThat(x.gram().plus(x.gram().stop().times(2)).transposed().operation())
        .isEqualTo(Operation.ADD);
    Expr matrix = graph.real("m", "B", "B");
    for (Expr other :
        List.of(
            matrix,
            x.gram().plus(matrix),
            x.gram().minus(lengths),
            alike.index(0).times(alike.index(1)).plus(alike.index(1)),
            lengths.minus(lengths.transposed()),
            x.matmul(y.transposed()),
            labels.column().below(labels.row()))) {
      assertThat(other.transposed().operation()).isEqualTo(Operation.TRANSPOSE);
    }
    assertThat(matrix.plus(matrix.transposed()).transposed().operation()).isEqualTo(Operation.ADD);
  }

  @Test
  void whatMayChangeSomethingIsMade() {
    assertThat(x.times(0).operation()).isEqualTo(Operation.MUL);
    assertThat(x.minus(x).operation()).isEqualTo(Operation.SUB);
    assertThat(x.transposed().permuted(0, 1).sizes()).isEqualTo(x.transposed().sizes());
    assertThat(x.permuted(0, 1).matmul(y.transposed()).sizes()).hasToString("[B, B]");
    assertThat(x.sum(1).plus(x.zeros()).sizes()).isEqualTo(x.sizes());
    assertThat(graph.real("z", "1", "d").broadcastLike(x).operation())
        .isEqualTo(Operation.BROADCAST_LIKE);
  }

  @Test
  void gradientsAreBuiltForWhatIsWantedOnly() {
    Expr loss = x.matmul(y.transposed()).square().mean();
    int before = graph.constant(123).number();
    List<Expr> gradients = Reverse.gradients(loss, List.of(y));
    int built = graph.constant(321).number() - before;
    Reverse.gradients(loss, List.of(x, y));
    assertThat(graph.constant(213).number()).isGreaterThan(before + built + 1);
    assertThat(gradients.get(0).sizes()).isEqualTo(y.sizes());
  }

  @Test
  void whatAValueDoesNotDependOnHasGradientAndTangentZero() {
    Expr loss = x.square().total();
    Expr other = Reverse.gradients(loss, List.of(x, y)).get(1);
    Expr still = Forward.tangents(List.of(loss), Map.of(y, graph.real("v", "B", "d"))).get(0);
    Map<String, Expr> outputs = new LinkedHashMap<>();
    outputs.put("other", other);
    outputs.put("still", still);
    Map<String, Values> values =
        Interpreter.run(
            new Program(outputs),
            Map.of("x", Values.matrix(2, 1, 2, 3, 4), "y", Values.matrix(2, 1, 2, 3, 4)));
    assertThat(values.get("other").data()).containsExactly(0, 0, 0, 0);
    assertThat(values.get("still").data()).containsExactly(0);
  }

  /** Of an intermediate value as of an input, and of both at once. */
  @Test
  void gradientsOfIntermediateValues() {
    Expr squares = x.square();
    List<Expr> gradients = Reverse.gradients(squares.times(3).total(), List.of(squares, x));
    Map<String, Values> values =
        Interpreter.run(
            new Program(Map.of("squares", gradients.get(0), "x", gradients.get(1))),
            Map.of("x", Values.matrix(1, 1, 2)));
    assertThat(values.get("squares").data()).containsExactly(3, 3);
    assertThat(values.get("x").data()).containsExactly(6, 12);
  }

  /** Whole programs lean on sizes of one name being equal. */
  @Test
  void sizesOfOneNameAreOneSize() {
    LOSS.requireSizes(Map.of("embedding", new long[] {8, 4}, "labels", new long[] {8}));
    assertThatThrownBy(
            () ->
                LOSS.requireSizes(Map.of("embedding", new long[] {8, 4}, "labels", new long[] {5})))
        .hasMessage("input labels is [5], with {B=8, d=4} it must be [B]");
    assertThatThrownBy(
            () -> LOSS.requireSizes(Map.of("embedding", new long[] {8}, "labels", new long[] {8})))
        .hasMessage("input embedding is [8], with {} it must be [B, d]");
    Program three = new Program(Map.of("out", graph.real("three", "1", "3")));
    three.requireSizes(Map.of("three", new long[] {1, 3}));
    assertThatThrownBy(() -> three.requireSizes(Map.of("three", new long[] {1, 4})))
        .hasMessage("input three is [1, 4], with {} it must be [1, 3]");
  }

  @Test
  void namesAreWordsAndMeanOneThing() {
    String sentence = ": a name starts with a letter and has no blank, = or #";
    assertThatThrownBy(() -> graph.real("a b")).hasMessage("input \"a b\"" + sentence);
    assertThatThrownBy(() -> new Program(Map.of("%1", x))).hasMessage("output \"%1\"" + sentence);
    assertThatThrownBy(() -> Reverse.of(GRADIENT, "loss", List.of("embedding")))
        .hasMessage("the program has an output gradient.embedding already");
    Map<String, Expr> outputs = new LinkedHashMap<>(Map.of("a", x));
    outputs.put("b", new Graph().real("x", "B"));
    assertThatThrownBy(() -> new Program(outputs))
        .hasMessage("outputs [a, b] are of several graphs");
  }

  @Test
  void unknownNamesAreRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> Reverse.of(LOSS, "lss", List.of("embedding")))
        .hasMessage("the program has no output lss: it has loss");
    assertThatThrownBy(() -> Reverse.of(LOSS, "loss", List.of("proxies")))
        .hasMessage("the program has no input proxies: it has embedding, labels");
  }
}
