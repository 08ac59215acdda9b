package io.vicinal.data.onnx;

import static io.vicinal.data.onnx.OnnxMessage.FLOAT;
import static io.vicinal.data.onnx.OnnxMessage.integer;
import static io.vicinal.data.onnx.OnnxMessage.integers;
import static io.vicinal.data.onnx.OnnxMessage.node;
import static io.vicinal.data.onnx.OnnxMessage.operators;
import static io.vicinal.data.onnx.OnnxMessage.tensor;
import static io.vicinal.data.onnx.OnnxMessage.value;

import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.data.AtomicFile;
import io.vicinal.data.onnx.OnnxModel.Pool;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A linear head as a model in ONNX's format: {@code Gemm}, and {@code LpNormalization} where
 * embeddings shall have length 1. On its own it takes {@value #FEATURES} float32 [N, D] and gives
 * {@value #EMBEDDING} float32 [N, d]; N is open. Immutable, so safe for any thread.
 */
public final class OnnxHead {
  /** The input of a head on its own. */
  public static final String FEATURES = "features";

  /** The output. */
  public static final String EMBEDDING = "embedding";

  /** The set of operators of a head on its own: ONNX 1.6 of 2019, which every runtime reads. */
  public static final int OPERATORS = 11;

  private static final int FORMAT = 6; // of the same ONNX
  private static final int REDUCTIONS_TAKE_INPUTS = 18; // the set where axes are no attribute

  private final float[] weight;
  private final float[] bias;
  private final long features;
  private final long width;
  private final boolean normalize;
  private final Map<String, String> facts;

  /**
   * @param weight [d, D]
   * @param bias [d], or null
   * @param normalize whether embeddings are divided by their lengths; those of length 0 stay
   * @param facts what the file says about itself
   * @throws InputException if a number is not finite in float32
   */
  public OnnxHead(Tensor weight, Tensor bias, boolean normalize, Map<String, String> facts) {
    features = weight.dim(1);
    width = weight.dim(0);
    this.weight = finite(weight, "weight");
    this.bias = bias == null ? null : finite(bias, "bias");
    this.normalize = normalize;
    this.facts = facts;
  }

  private static float[] finite(Tensor tensor, String name) {
    double[] exact = tensor.toDoubles();
    float[] values = new float[exact.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) exact[i];
      if (!Float.isFinite(values[i])) {
        throw new InputException(
            "head: "
                + name
                + " has "
                + exact[i]
                + " at "
                + i
                + ", which float32 cannot hold; train the head again");
      }
    }
    return values;
  }

  /** Writes the head alone. */
  public void write(Path file) {
    OnnxMessage graph = new OnnxMessage();
    Called names = new Called("", EMBEDDING);
    nodes(FEATURES, names).forEach(one -> graph.message(1, one));
    graph.text(2, "vicinal_head");
    tensors(names).forEach(one -> graph.message(5, one));
    graph
        .message(11, value(FEATURES, FLOAT, -1, features).text(3, "rows of features"))
        .message(12, output(EMBEDDING));
    OnnxMessage model = new OnnxMessage().number(1, FORMAT).text(2, "vicinal");
    model.text(3, Version.text()).message(7, graph).message(8, operators(OPERATORS));
    facts().forEach(one -> model.message(14, one));
    byte[] bytes = model.toBytes();
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * Writes another model with the head behind it, whose only output is the embedding then.
   *
   * @param model in one file
   * @param output of the model, float32
   * @param rank its number of dimensions
   * @param pool how it becomes rows of features
   * @param channelsFirst where places lie, of an output with four dimensions
   * @return what the embedding is called: {@value #EMBEDDING}, unless the model has one
   * @throws InputException one sentence, if the model's file cannot be taken apart or is too old
   */
  public String append(
      Path model, String output, int rank, Pool pool, boolean channelsFirst, Path file) {
    try (OnnxFile read = new OnnxFile(model)) {
      Called names = new Called(read.free("vicinal_head_"), read.free(EMBEDDING));
      List<OnnxMessage> nodes = new ArrayList<>();
      List<OnnxMessage> tensors = new ArrayList<>();
      String rows = pooled(read, names, output, rank, pool, channelsFirst, nodes, tensors);
      nodes.addAll(nodes(rows, names));
      tensors.addAll(tensors(names));
      OnnxMessage graph = new OnnxMessage();
      nodes.forEach(one -> graph.message(1, one));
      tensors.forEach(one -> graph.message(5, one));
      graph.message(12, output(names.embedding));
      OnnxMessage more = new OnnxMessage();
      facts().forEach(one -> more.message(14, one));
      AtomicFile.write(file, out -> read.write(out, graph.toBytes(), more.toBytes()));
      return names.embedding;
    }
  }

  /** What is called how in a graph. */
  private record Called(String prefix, String embedding) {
    String of(String what) {
      return prefix + what;
    }
  }

  private List<OnnxMessage> nodes(String input, Called names) {
    String raw = normalize ? names.of("raw") : names.embedding;
    List<OnnxMessage> nodes = new ArrayList<>();
    nodes.add(
        (bias == null
                ? node("Gemm", raw, input, names.of("weight"))
                : node("Gemm", raw, input, names.of("weight"), names.of("bias")))
            .message(5, integer("transB", 1)));
    if (normalize) {
      nodes.add(
          node("LpNormalization", names.embedding, raw)
              .message(5, integer("axis", 1))
              .message(5, integer("p", 2)));
    }
    return nodes;
  }

  private List<OnnxMessage> tensors(Called names) {
    List<OnnxMessage> tensors = new ArrayList<>();
    tensors.add(tensor(names.of("weight"), weight, width, features));
    if (bias != null) {
      tensors.add(tensor(names.of("bias"), bias, width));
    }
    return tensors;
  }

  private OnnxMessage output(String name) {
    return value(name, FLOAT, -1, width)
        .text(3, normalize ? "embeddings of length 1" : "embeddings, not normalised");
  }

  private List<OnnxMessage> facts() {
    List<OnnxMessage> entries = new ArrayList<>();
    facts.forEach((key, text) -> entries.add(new OnnxMessage().text(1, key).text(2, text)));
    return entries;
  }

  /** The same as {@link OnnxModel#run}. */
  private static String pooled(
      OnnxFile model,
      Called names,
      String output,
      int rank,
      Pool pool,
      boolean channelsFirst,
      List<OnnxMessage> nodes,
      List<OnnxMessage> tensors) {
    if (pool == Pool.NONE) {
      return output;
    }
    String rows = names.of("features");
    String where = names.of("where");
    switch (pool) {
      case FLATTEN -> nodes.add(node("Flatten", rows, output).message(5, integer("axis", 1)));
      case CLS -> {
        tensors.add(tensor(where, new long[] {0}));
        nodes.add(node("Gather", rows, output, where).message(5, integer("axis", 1)));
      }
      default -> {
        String type = pool == Pool.MEAN ? "ReduceMean" : "ReduceMax";
        long[] axes =
            rank == 3 ? new long[] {1} : channelsFirst ? new long[] {2, 3} : new long[] {1, 2};
        OnnxMessage node;
        if (model.operators() < REDUCTIONS_TAKE_INPUTS) {
          node = node(type, rows, output).message(5, integers("axes", axes));
        } else {
          tensors.add(tensor(where, axes, axes.length));
          node = node(type, rows, output, where);
        }
        nodes.add(node.message(5, integer("keepdims", 0)));
      }
    }
    return rows;
  }
}
