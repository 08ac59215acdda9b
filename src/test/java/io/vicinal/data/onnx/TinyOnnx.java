package io.vicinal.data.onnx;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Writes small networks as ONNX's protocol buffers (onnx.proto3: numbers of fields are from there),
 * and computes the same with plain loops.
 */
public final class TinyOnnx {
  /** Features of {@link #network}. */
  public static final int WIDTH = 5;

  private static final int CHANNELS = 4;
  private static final int FLOAT = 1;

  private static final float[] KERNEL = random(1, CHANNELS * 3 * 9);
  private static final float[] SHIFT = random(2, CHANNELS);
  private static final float[] WEIGHT = random(3, WIDTH * CHANNELS);
  private static final float[] BIAS = random(4, WIDTH);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private static float[] random(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() / 2;
    }
    return values;
  }

  // ---- protocol buffers
  // --------------------------------------------------------------------------

  private TinyOnnx varint(long value) {
    long left = value;
    for (; (left & ~0x7fL) != 0; left >>>= 7) {
      out.write((int) (left & 0x7f | 0x80));
    }
    out.write((int) left);
    return this;
  }

  TinyOnnx number(int field, long value) {
    return varint((long) field << 3).varint(value);
  }

  TinyOnnx bytes(int field, byte[] value) {
    varint((long) field << 3 | 2).varint(value.length).out.writeBytes(value);
    return this;
  }

  TinyOnnx text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  TinyOnnx message(int field, TinyOnnx value) {
    return bytes(field, value.out.toByteArray());
  }

  static TinyOnnx tensor(String name, float[] values, long... dims) {
    TinyOnnx tensor = new TinyOnnx();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return tensor.number(2, FLOAT).text(8, name).bytes(9, raw.array());
  }

  /** A dimension below 0 is open. */
  static TinyOnnx value(String name, int type, long... dims) {
    TinyOnnx shape = new TinyOnnx();
    for (int i = 0; i < dims.length; i++) {
      shape.message(
          1, dims[i] < 0 ? new TinyOnnx().text(2, "d" + i) : new TinyOnnx().number(1, dims[i]));
    }
    TinyOnnx tensor = new TinyOnnx().number(1, type).message(2, shape);
    return new TinyOnnx().text(1, name).message(2, new TinyOnnx().message(1, tensor));
  }

  static TinyOnnx node(String type, String output, String... inputs) {
    TinyOnnx node = new TinyOnnx();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, output).text(4, type);
  }

  static TinyOnnx ints(String name, long... values) {
    TinyOnnx attribute = new TinyOnnx().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, 7);
  }

  static TinyOnnx integer(String name, long value) {
    return new TinyOnnx().text(1, name).number(3, value).number(20, 2);
  }

  static void write(Path file, TinyOnnx graph) {
    TinyOnnx model =
        new TinyOnnx()
            .number(1, 8) // the format's version
            .message(7, graph.text(2, "tiny"))
            .message(8, new TinyOnnx().text(1, "").number(2, 13)); // the operators'
    try {
      Files.write(file, model.out.toByteArray());
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

  private static void network(Path file, float[] kernel, long batch, long side, boolean places) {
    TinyOnnx graph =
        new TinyOnnx()
            .message(
                1,
                node("Conv", "c", "x", "kernel", "shift")
                    .message(5, ints("kernel_shape", 3, 3))
                    .message(5, ints("pads", 1, 1, 1, 1)))
            .message(1, node("Relu", "places", "c"))
            .message(1, node("GlobalAveragePool", "g", "places"))
            .message(1, node("Flatten", "f", "g"))
            .message(
                1, node("Gemm", "features", "f", "weight", "bias").message(5, integer("transB", 1)))
            .message(5, tensor("kernel", kernel, CHANNELS, 3, 3, 3))
            .message(5, tensor("shift", SHIFT, CHANNELS))
            .message(5, tensor("weight", WEIGHT, WIDTH, CHANNELS))
            .message(5, tensor("bias", BIAS, WIDTH))
            .message(11, value("x", FLOAT, batch, 3, side, side))
            .message(12, value("features", FLOAT, batch, WIDTH));
    if (places) {
      graph.message(12, value("places", FLOAT, batch, CHANNELS, side, side));
    }
    write(file, graph);
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
    TinyOnnx graph =
        new TinyOnnx()
            .message(1, inputs == 2 ? node(operation, "y", "x", "z") : node(operation, "y", "x"))
            .message(11, value("x", type, shape));
    if (inputs == 2) {
      graph.message(11, value("z", type, shape));
    }
    write(file, graph.message(12, value("y", type, shape)));
  }
}
