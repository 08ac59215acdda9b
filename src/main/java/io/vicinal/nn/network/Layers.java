package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Graph;
import io.vicinal.program.NormalisedBatch;
import io.vicinal.program.Slide;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layers of a network while it is written. Each declares its variables by the names of torch
 * and returns the expression of its result; images are [N, height, width, channels], weights of a
 * convolution [out, in / groups, height, width]. For one thread.
 */
public final class Layers {
  /** Of which statistics batch normalisation normalises. */
  public enum Statistics {
    /** The batch's own, of which the running ones learn. */
    BATCH,
    /** The running ones, which stay: evaluation, and training with frozen statistics. */
    RUNNING
  }

  /** What torch adds to a variance, where nobody says otherwise. */
  static final double EPSILON = 1e-5;

  private static final double MOMENTUM = 0.1;

  private final Graph graph;
  private final Statistics statistics;
  private final String prefix;
  private final Map<String, Variable> variables;
  private final Map<String, Expr> next;

  /** Of a graph that images are an input of. */
  public Layers(Graph graph, Statistics statistics) {
    this(graph, statistics, "", new LinkedHashMap<>(), new LinkedHashMap<>());
  }

  private Layers(
      Graph graph,
      Statistics statistics,
      String prefix,
      Map<String, Variable> variables,
      Map<String, Expr> next) {
    this.graph = graph;
    this.statistics = statistics;
    this.prefix = prefix;
    this.variables = variables;
    this.next = next;
  }

  /** The same with a name in front of what is declared. */
  public Layers in(String name) {
    return new Layers(graph, statistics, prefix + name + ".", variables, next);
  }

  /** The same with running statistics that stay. */
  public Layers frozen() {
    return new Layers(graph, Statistics.RUNNING, prefix, variables, next);
  }

  /** What was declared, in its order. */
  public List<Variable> variables() {
    return new ArrayList<>(variables.values());
  }

  /** The next values of running statistics, by name; none where they stay. */
  public Map<String, Expr> next() {
    return Collections.unmodifiableMap(next);
  }

  /** A learned array: an input of the program under its name. */
  public Expr learned(String name, Start start, long... shape) {
    return declare(name, Variable.Kind.LEARNED, start, shape);
  }

  private Expr declare(String name, Variable.Kind kind, Start start, long... shape) {
    Variable variable = new Variable(prefix + name, kind, shape, start);
    if (variables.put(variable.name(), variable) != null) {
      throw new IllegalArgumentException("two variables are named " + variable.name());
    }
    if (kind == Variable.Kind.COUNT) {
      return null;
    }
    String[] sizes = new String[shape.length];
    for (int k = 0; k < sizes.length; k++) {
      sizes[k] = Long.toString(shape[k]);
    }
    return graph.real(variable.name(), sizes);
  }

  /** A convolution over square windows, without a bias. */
  public Expr convolve(String name, Expr x, int channels, int kernel, Slide slide) {
    return convolve(name, x, channels, kernel, slide, 1);
  }

  /** The same in groups of channels. */
  public Expr convolve(String name, Expr x, int channels, int kernel, Slide slide, int groups) {
    return x.convolve(kernels(name, x, channels, kernel, groups), slide, groups);
  }

  private Expr kernels(String name, Expr x, int channels, int kernel, int groups) {
    double fanOut = channels * (double) kernel * kernel / groups;
    long in = x.known(3) / groups;
    return learned(name + ".weight", Start.kaiming(fanOut), channels, in, kernel, kernel);
  }

  /** The same with a bias for each channel of the result. */
  public Expr convolveWithBias(String name, Expr x, int channels, int kernel, Slide slide) {
    Expr maps = x.convolve(kernels(name, x, channels, kernel, 1), slide);
    double fanIn = x.known(3) * (double) kernel * kernel;
    return maps.plus(each(learned(name + ".bias", Start.uniform(fanIn), channels)));
  }

  /**
   * A convolution whose weights of each channel of the result are centred and divided by the root
   * of their variance (Qiao et al., 2019).
   *
   * @param epsilon what is added to the variance
   */
  public Expr convolveStandardised(
      String name, Expr x, int channels, int kernel, Slide slide, double epsilon) {
    Expr weight = kernels(name, x, channels, kernel, 1);
    Expr centred = weight.minus(weight.mean(1, 2, 3));
    Expr variance = centred.square().mean(1, 2, 3);
    return x.convolve(centred.over(variance.plus(epsilon).sqrt()), slide);
  }

  /** A number for each channel, in the last of four axes. */
  private static Expr each(Expr vector) {
    return vector.row().expand(0).expand(0);
  }

  /** Batch normalisation with torch's constants. */
  public Expr batchNorm(String name, Expr x) {
    return batchNorm(name, x, EPSILON);
  }

  /** Batch normalisation whose running statistics keep 0.9 of themselves in a step. */
  public Expr batchNorm(String name, Expr x, double epsilon) {
    return batchNorm(name, x, epsilon, MOMENTUM);
  }

  /**
   * Batch normalisation. The running variance is that over n - 1 values, the batch's own over n, as
   * torch has it.
   *
   * @param epsilon what is added to the variance
   * @param momentum the batch's part of the next running statistics
   */
  public Expr batchNorm(String name, Expr x, double epsilon, double momentum) {
    Layers net = in(name);
    int channels = x.known(x.rank() - 1);
    Expr scale = net.learned("weight", Start.ONES, channels);
    Expr shift = net.learned("bias", Start.ZEROS, channels);
    Expr mean = net.declare("running_mean", Variable.Kind.STATISTIC, Start.ZEROS, channels);
    Expr variance = net.declare("running_var", Variable.Kind.STATISTIC, Start.ONES, channels);
    net.declare("num_batches_tracked", Variable.Kind.COUNT, Start.ZEROS);
    if (statistics == Statistics.RUNNING) {
      return x.normaliseBy(mean, variance, scale, shift, epsilon);
    }
    NormalisedBatch batch = x.normaliseBatch(scale, shift, epsilon);
    Expr n = x.size().over(channels);
    net.becomes("running_mean", mean, batch.mean(), momentum);
    net.becomes("running_var", variance, batch.variance().times(n.over(n.minus(1))), momentum);
    return batch.value();
  }

  private void becomes(String name, Expr running, Expr batch, double momentum) {
    next.put(prefix + name, running.times(1 - momentum).plus(batch.times(momentum)).stop());
  }

  /** Group normalisation: of each image, channels next to each other have one mean and variance. */
  public Expr groupNorm(String name, Expr x, int groups) {
    Layers net = in(name);
    int channels = x.known(3);
    Expr scale = net.learned("weight", Start.ONES, channels);
    Expr shift = net.learned("bias", Start.ZEROS, channels);
    Expr centred = x.minus(overGroups(x.mean(1, 2), channels, groups));
    Expr variance = overGroups(centred.square().mean(1, 2), channels, groups);
    Expr factor = each(scale).over(variance.plus(EPSILON).sqrt());
    return centred.times(factor).plus(each(shift));
  }

  /** For each channel the mean over its group, of [N, 1, 1, channels]. */
  private Expr overGroups(Expr x, int channels, int groups) {
    Expr rows = x.drop(2).drop(1);
    Expr places = graph.range(groups).column().plus(graph.range(channels / groups).row());
    Expr zeros = graph.constant(0).broadcastLike(rows.slice(1, 0, 1).expand(2));
    Expr grid = zeros.plus(places.expand(0)); // [N, groups, channels / groups], for its shape
    Expr means = rows.split(grid, 1).mean(2).broadcastLike(grid);
    return means.join(1).expand(1).expand(1);
  }

  /** Each row with mean 0 and variance 1: layer normalisation without anything learned. */
  public static Expr layerNorm(Expr rows) {
    Expr centred = rows.minus(rows.mean(1));
    return centred.over(centred.square().mean(1).plus(EPSILON).sqrt());
  }

  /**
   * Squeeze and excite: channels times a factor in (0, 1) that two maps make of all channels'
   * means, with silu between them.
   *
   * @param width channels between the two maps
   */
  public Expr squeezeExcite(String name, Expr x, int width) {
    Layers net = in(name);
    Expr means = x.mean(1, 2);
    Expr squeezed = net.convolveWithBias("conv_reduce", means, width, 1, Slide.PLAIN).silu();
    Expr gates = net.convolveWithBias("conv_expand", squeezed, x.known(3), 1, Slide.PLAIN);
    return x.times(gates.sigmoid());
  }

  /** A linear map of rows, with a bias: x W' + b. */
  public Expr linear(String name, Expr x, int width) {
    int in = x.known(1);
    Expr weight = learned(name + ".weight", Start.uniform(in), width, in);
    Expr bias = learned(name + ".bias", Start.uniform(in), width);
    return x.matmul(weight.transposed()).plus(bias.row());
  }
}
