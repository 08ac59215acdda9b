package io.vicinal.program.example;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.program.Executable;
import io.vicinal.program.Expr;
import io.vicinal.program.Graph;
import io.vicinal.program.Program;
import io.vicinal.program.Slide;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Convolutions and pools that do not fit: the line, the operation, the shapes. */
class ImageSentencesTest {
  @AutoClose private static final Backend backend = TestDevice.open();

  private final Graph graph = new Graph();
  private final Expr x = graph.real("x", "N", "H", "W", "C");
  private final Expr scale = graph.real("scale", "C");

  @Test
  void whatDoesNotFitIsRefusedWhereItIsWritten() {
    Expr weights = graph.real("weights", "8", "3", "3", "3");
    assertThatThrownBy(() -> scale.convolve(weights, Slide.PLAIN))
        .hasMessageMatching(
            "ImageSentencesTest.java:\\d+: conv of \\[C] and \\[8, 3, 3, 3]: images and weights have rank 4");
    Expr small = graph.real("small", "N", "2", "2", "3");
    assertThatThrownBy(() -> small.convolve(weights, Slide.PLAIN))
        .hasMessageMatching(
            "ImageSentencesTest.java:\\d+: conv of .*: a window over 3 entries of an axis that has 2 with its"
                + " padding");
    assertThatThrownBy(() -> x.convolve(weights, Slide.PLAIN, 0))
        .hasMessageEndingWith("groups=0: 1 numbers of 1 or more are needed");
    assertThatThrownBy(() -> Slide.by(0))
        .hasMessage("stride and dilation must be in 1..1048576, not 0");
    assertThatThrownBy(() -> Slide.PLAIN.padding(-1))
        .hasMessage("padding must be in 0..1048576, not -1");
    assertThatThrownBy(() -> x.averagePool(2, 2, Slide.by(2).toTheEnd()))
        .hasMessageContaining("insideAveragePool");
    assertThatThrownBy(() -> x.convolve(weights, Slide.by(2).toTheEnd()))
        .hasMessageContaining("no last window");
  }

  /** What is known only when it runs. */
  @Test
  void aRunRefusesWithTheOperationTheShapesAndTheLine() {
    Expr weights = graph.real("w", "O", "I", "k", "k");
    Program convolution = new Program(Map.of("y", x.convolve(weights, Slide.PLAIN, 2)));
    String line = "(?s).*ImageSentencesTest.java:\\d+: ";
    assertThatThrownBy(
            () -> run(convolution, Map.of("x", shape(1, 3, 3, 4), "w", shape(2, 3, 1, 1))))
        .hasMessageMatching(
            line
                + "conv: an image \\[1, 3, 3, 4] and weights \\[2, 3, 1, 1] do not fit in 2 groups: 4"
                + " channels in, 2 out, 3 in of a group.*");
    assertThatThrownBy(
            () -> run(convolution, Map.of("x", shape(1, 3, 3, 4), "w", shape(3, 2, 1, 1))))
        .hasMessageMatching(line + "conv: .* 4 channels in, 3 out, 2 in of a group.*");
    assertThatThrownBy(
            () -> run(convolution, Map.of("x", shape(1, 3, 3, 4), "w", shape(2, 2, 4, 4))))
        .hasMessageMatching(
            line
                + "conv: a window over 4 entries of axis 1 of \\[1, 3, 3, 4], which has 3 with its"
                + " padding.*");
    assertThatThrownBy(
            () -> run(convolution, Map.of("x", shape(0, 3, 3, 4), "w", shape(2, 2, 1, 1))))
        .hasMessageMatching(line + "conv: \\[0, 3, 3, 4] is empty.*");
    Program pool = new Program(Map.of("y", x.maxPool(2, 2, Slide.PLAIN.padding(2))));
    assertThatThrownBy(() -> run(pool, Map.of("x", shape(1, 3, 3, 4))))
        .hasMessageMatching(line + "pool_argmax: .*it would lie in the padding alone.*");
    assertThatThrownBy(() -> run(pool, Map.of("x", shape(0, 3, 3, 4))))
        .isInstanceOf(InputException.class);
  }

  private static long[] shape(long... shape) {
    return shape;
  }

  private static void run(Program program, Map<String, long[]> shapes) {
    try (Executable run = new Executable(backend, program);
        Arena arena = Arena.host()) {
      Map<String, Tensor> inputs = new HashMap<>();
      shapes.forEach((name, shape) -> inputs.put(name, arena.allocate(DType.F32, shape)));
      run.run(arena, inputs);
    }
  }
}
