package io.vicinal.data.onnx;

import static io.vicinal.data.onnx.OnnxMessage.FLOAT;
import static io.vicinal.data.onnx.OnnxMessage.integer;
import static io.vicinal.data.onnx.OnnxMessage.integers;
import static io.vicinal.data.onnx.OnnxMessage.node;
import static io.vicinal.data.onnx.OnnxMessage.tensor;
import static io.vicinal.data.onnx.OnnxMessage.value;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Small networks as files in ONNX's format, and the same with plain loops. */
public final class TinyOnnx {
  /** Features of {@link #network}. */
  public static final int WIDTH = 5;

  private static final int CHANNELS = 4;

  private static final float[] KERNEL = random(1, CHANNELS * 3 * 9);
  private static final float[] SHIFT = random(2, CHANNELS);
  private static final float[] WEIGHT = random(3, WIDTH * CHANNELS);
  private static final float[] BIAS = random(4, WIDTH);

  private TinyOnnx() {}

  private static float[] random(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() / 2;
    }
    return values;
  }

  static void write(Path file, OnnxMessage graph) {
    write(file, graph, 13);
  }

  static void write(Path file, OnnxMessage graph, long operators) {
    OnnxMessage model =
        new OnnxMessage()
            .number(1, 8) // the format's version
            .message(7, graph.text(2, "tiny"))
            .message(8, OnnxMessage.operators(operators));
    try {
      Files.write(file, model.toBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- a network
  // ---------------------------------------------------------------------------------

  /**
   * Convolution 3 x 3 with a border of zeros, ReLU, mean over places, and a matrix; outputs {@code
   * features} [N, 5] and, if asked for, {@code places} [N, 4, H, W].
   *
   * @param batch below 0: any
   * @param side below 0: any
   */
  public static void network(Path file, long batch, long side, boolean places) {
    network(file, KERNEL, batch, side, places);
  }

  /** The same with other weights. */
  public static void other(Path file, long side) {
    network(file, random(9, KERNEL.length), -1, side, false);
  }

  /**
   * The same of pictures [N, side, side, 3] or [N, 3, side, side] in other numbers, with the
   * outputs {@code features} in such numbers too (not if they are uint8), {@code tokens} [N,
   * places, 4] and {@code last} [N, side, side, 4].
   *
   * @param type ONNX's: 1 float32, 2 uint8, 10 float16
   */
  public static void variant(Path file, int type, boolean channelsLast, long side) {
    OnnxMessage graph =
        new OnnxMessage()
            .message(1, node("Cast", "f32", "x").message(5, integer("to", FLOAT)))
            .message(
                1,
                channelsLast
                    ? node("Transpose", "planes", "f32").message(5, integers("perm", 0, 3, 1, 2))
                    : node("Identity", "planes", "f32"));
    int out = type == 10 ? type : FLOAT;
    body(graph, "planes", "all", KERNEL)
        .message(1, node("Cast", "features", "all").message(5, integer("to", out)))
        .message(1, node("Transpose", "last", "places").message(5, integers("perm", 0, 2, 3, 1)))
        .message(1, node("Reshape", "tokens", "last", "shape"))
        .message(5, tensor("shape", new long[] {0, -1, CHANNELS}, 3))
        .message(
            11,
            channelsLast
                ? value("x", type, -1, side, side, 3)
                : value("x", type, -1, 3, side, side))
        .message(12, value("features", out, -1, WIDTH))
        .message(12, value("tokens", FLOAT, -1, side * side, CHANNELS))
        .message(12, value("last", FLOAT, -1, side, side, CHANNELS));
    write(file, graph);
  }

  private static void network(Path file, float[] kernel, long batch, long side, boolean places) {
    OnnxMessage graph =
        body(new OnnxMessage(), "x", "features", kernel)
            .message(11, value("x", FLOAT, batch, 3, side, side))
            .message(12, value("features", FLOAT, batch, WIDTH));
    if (places) {
      graph.message(12, value("places", FLOAT, batch, CHANNELS, side, side));
    }
    write(file, graph);
  }

  /**
   * The same as {@link #network} with its matrix in another file.
   *
   * @param weights what that is called, in the same folder
   */
  public static void outside(Path file, long side, String weights) throws IOException {
    ByteBuffer raw = ByteBuffer.allocate(4 * WEIGHT.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(WEIGHT);
    Files.write(file.resolveSibling(weights), raw.array());
    OnnxMessage graph =
        body(new OnnxMessage(), "x", "features", KERNEL, external("weight", weights))
            .message(11, value("x", FLOAT, -1, 3, side, side))
            .message(12, value("features", FLOAT, -1, WIDTH));
    write(file, graph);
  }

  /** [WIDTH, CHANNELS], in another file. */
  static OnnxMessage external(String name, String file) {
    return new OnnxMessage()
        .number(1, WIDTH)
        .number(1, CHANNELS)
        .number(2, FLOAT)
        .text(8, name)
        .message(13, new OnnxMessage().text(1, "location").text(2, file))
        .message(13, new OnnxMessage().text(1, "offset").text(2, "0"))
        .number(14, 1);
  }

  private static OnnxMessage body(OnnxMessage graph, String in, String out, float[] kernel) {
    return body(graph, in, out, kernel, tensor("weight", WEIGHT, WIDTH, CHANNELS));
  }

  private static OnnxMessage body(
      OnnxMessage graph, String in, String out, float[] kernel, OnnxMessage weight) {
    return graph
        .message(
            1,
            node("Conv", "c", in, "kernel", "shift")
                .message(5, integers("kernel_shape", 3, 3))
                .message(5, integers("pads", 1, 1, 1, 1)))
        .message(1, node("Relu", "places", "c"))
        .message(1, node("GlobalAveragePool", "g", "places"))
        .message(1, node("Flatten", "f", "g"))
        .message(1, node("Gemm", out, "f", "weight", "bias").message(5, integer("transB", 1)))
        .message(5, tensor("kernel", kernel, CHANNELS, 3, 3, 3))
        .message(5, tensor("shift", SHIFT, CHANNELS))
        .message(5, weight)
        .message(5, tensor("bias", BIAS, WIDTH));
  }

  /** The convolution's output [4, H, W] for a picture [H, W, 3]. */
  public static double[][] places(double[] picture, int side) {
    double[][] all = new double[CHANNELS][side * side];
    for (int o = 0; o < CHANNELS; o++) {
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          double sum = SHIFT[o];
          for (int c = 0; c < 3; c++) {
            for (int k = 0; k < 9; k++) {
              int row = y + k / 3 - 1;
              int column = x + k % 3 - 1;
              if (row >= 0 && row < side && column >= 0 && column < side) {
                sum += KERNEL[(o * 3 + c) * 9 + k] * picture[3 * (row * side + column) + c];
              }
            }
          }
          all[o][y * side + x] = Math.max(0, sum);
        }
      }
    }
    return all;
  }

  /** The features of a picture [H, W, 3]. */
  public static double[] features(double[] picture, int side) {
    double[][] all = places(picture, side);
    double[] features = new double[WIDTH];
    for (int d = 0; d < WIDTH; d++) {
      features[d] = BIAS[d];
      for (int o = 0; o < CHANNELS; o++) {
        double sum = 0;
        for (double value : all[o]) {
          sum += value;
        }
        features[d] += WEIGHT[d * CHANNELS + o] * sum / all[o].length;
      }
    }
    return features;
  }

  /** A network of one operation, {@code y = f(x)} or {@code y = f(x, z)}, all of one shape. */
  public static void single(Path file, String operation, int type, long[] shape, int inputs) {
    single(file, operation, type, shape, inputs, 13);
  }

  static void single(
      Path file, String operation, int type, long[] shape, int inputs, long operators) {
    OnnxMessage graph =
        new OnnxMessage()
            .message(1, inputs == 2 ? node(operation, "y", "x", "z") : node(operation, "y", "x"))
            .message(11, value("x", type, shape));
    if (inputs == 2) {
      graph.message(11, value("z", type, shape));
    }
    write(file, graph.message(12, value("y", type, shape)), operators);
  }
}
