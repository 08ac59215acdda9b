package io.vicinal.program.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.backend.LossSpec;
import io.vicinal.program.Expr;
import io.vicinal.program.Forward;
import io.vicinal.program.Graph;
import io.vicinal.program.Operation;
import io.vicinal.program.Program;
import io.vicinal.program.Reverse;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is printed and said, with the line outside the package that wrote an expression. */
class SentencesTest {
  private final Graph graph = new Graph();
  private final Expr x = graph.real("x", "B", "d");
  private final Expr y = graph.real("y", "B");
  private final Expr labels = graph.integer("labels", "B");

  @Test
  void aProgramIsOneNodeALine() {
    Expr same = labels.column().sameAs(labels.row());
    Program program = new Program(Map.of("loss", x.matmul(x.transposed()).sum(same)));
    assertThat(program.toString().replaceAll(":\\d+", ":LINE"))
        .isEqualTo(
            """
            x = input type=real rank=2
            labels = input type=int rank=1
            %2 = expand labels axis=1                     # SentencesTest.java:LINE
            %3 = expand labels axis=0                     # SentencesTest.java:LINE
            %4 = same %2 %3                               # SentencesTest.java:LINE
            %5 = matmul x x tb=1                          # SentencesTest.java:LINE
            %6 = sum %5 %4 axes=all                       # SentencesTest.java:LINE
            output loss %6
            """);
  }

  @Test
  void lawsAndLossesSayTheirSettings() {
    Expr drawn = x.uniform(graph.integer("key"), labels.column(), 3);
    LossSpec spec = new LossSpec("cosface", Map.of("margin", 0.35));
    Expr loss = drawn.proxyLoss(labels, graph.real("proxies", "C", "d"), spec.text());
    Expr gradient = Reverse.gradients(loss, List.of(graph.real("proxies", "C", "d"))).get(0);
    assertThat(new Program(Map.of("gradient", gradient)).toString().replaceAll(":\\d+", ":LINE"))
        .isEqualTo(
            """
            x = input type=real rank=2
            labels = input type=int rank=1
            key = input type=int rank=0
            %3 = expand labels axis=1                     # SentencesTest.java:LINE
            %4 = uniform key %3 x stream=3                # SentencesTest.java:LINE
            proxies = input type=real rank=2
            %6 = proxy_gradient %4 labels proxies loss=cosface,margin=0.35 proxies=1 # SentencesTest.java:LINE
            output gradient %6
            """);
  }

  @Test
  void derivativesStandWhereTheirLossIsWritten() {
    Expr loss = x.exp().mean();
    int line = new Throwable().getStackTrace()[0].getLineNumber() - 1;
    Expr gradient = Reverse.gradients(loss, List.of(x)).get(0);
    assertThat(gradient.operation()).isEqualTo(Operation.MUL);
    assertThat(List.of(loss, gradient))
        .extracting(expression -> expression.site().toString())
        .containsOnly("SentencesTest.java:" + line);
  }

  @Test
  void whatDoesNotFitIsRefusedInOneSentence() {
    refused(() -> x.matmul(y), "matmul of [B, d] and [B]: ranks are equal, 2 or more");
    refused(() -> x.plus(y), "add of [B, d] and [B]: ranks are equal or 0; expand inserts an axis");
    refused(() -> labels.exp(), "exp of int [B]: operand 1 is real");
    refused(() -> x.sameAs(labels), "same of [B, d] and int [B]: operand 1 is int");
    refused(() -> x.sum(2), "sum of [B, d]: axis 2 is not one of rank 2");
    refused(() -> x.sum(y, 1), "sum of [B, d] and [B]: a mask has the rank of its array");
    refused(() -> x.permuted(0, 0), "transpose of [B, d]: the order names each axis once");
    refused(() -> y.transposed(), "transpose of [B]: axis 1 is not one of rank 1");
    refused(() -> x.gather(y), "gather of [B, d] and [B]: operand 2 is int");
    refused(() -> x.pick(labels, 1), "pick of [B, d] and int [B]: ranks are equal");
    Expr key = graph.integer("key");
    refused(
        () -> x.uniform(labels, labels.column(), 0),
        "uniform of int [B] and int [B, 1] and [B, d]: the key is one whole number");
    refused(
        () -> x.normal(key, labels, 0),
        "normal of int [] and int [B] and [B, d]: ids have the rank of the array, or 0");
    refused(
        () -> x.uniform(key, key, -1),
        "uniform of int [] and int [] and [B, d]: stream -1 is below 0");
    refused(() -> x.times(Double.NaN), "constant: value is NaN");
    refused(() -> x.stoppedMax(Double.NEGATIVE_INFINITY, 1), "max of [B, d]: empty is -Infinity");
    refused(
        () -> x.plus(new Graph().real("z", "B", "d")),
        "add of [B, d] and [B, d]: expressions of two graphs do not mix");
    refused(() -> graph.real("x", "B"), "input x of real [B]: it is already real [B, d]");
  }

  @Test
  void onlyNumbersHaveGradients() {
    Expr rows = x.exp().sum(1);
    int line = new Throwable().getStackTrace()[0].getLineNumber() - 1;
    assertThatThrownBy(() -> Reverse.gradients(rows, List.of(x)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "SentencesTest.java:" + line + ": gradient of [B, 1]: it must be real, of rank 0");
    assertThatThrownBy(() -> Reverse.gradients(rows.total(), List.of(labels)))
        .hasMessageContaining("gradient of int [B]: it is not real");
  }

  @Test
  void aDirectionIsLikeWhatMoves() {
    assertThatThrownBy(() -> Forward.tangents(List.of(x.total()), Map.of(x, y)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith(": direction [B] of [B, d]: type and rank differ");
  }

  private static void refused(ThrowingCallable build, String sentence) {
    assertThatThrownBy(build)
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .matches("SentencesTest\\.java:\\d+: .*")
        .endsWith(": " + sentence);
  }
}
