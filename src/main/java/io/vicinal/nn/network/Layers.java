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

  private static final double EPSILON = 1e-5;
  private static final double MOMENTUM = 0.1;

  private final Graph graph;
  private final Statistics statistics;
  private final String prefix;
  private final Map<String, Variable> variables;
  private final Map<String, Expr> inputs;
  private final Map<String, Expr> next;

  /** Of a graph that images are an input of. */
  public Layers(Graph graph, Statistics statistics) {
    this(
        graph, statistics, "", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
  }

  private Layers(
      Graph graph,
      Statistics statistics,
      String prefix,
      Map<String, Variable> variables,
      Map<String, Expr> inputs,
      Map<String, Expr> next) {
    this.graph = graph;
    this.statistics = statistics;
    this.prefix = prefix;
    this.variables = variables;
    this.inputs = inputs;
    this.next = next;
  }

  /** The same with a name in front of what is declared. */
  public Layers in(String name) {
    return new Layers(graph, statistics, prefix + name + ".", variables, inputs, next);
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
    Expr input = graph.real(variable.name(), sizes);
    inputs.put(variable.name(), input);
    return input;
  }

  /** A convolution over square windows, without a bias. */
  public Expr convolve(String name, Expr x, int channels, int kernel, Slide slide) {
    return convolve(name, x, channels, kernel, slide, 1);
  }

  /** The same in groups of channels. */
  public Expr convolve(String name, Expr x, int channels, int kernel, Slide slide, int groups) {
    int in = x.known(3);
    double fanOut = channels * (double) kernel * kernel / groups;
    Expr weight =
        learned(name + ".weight", Start.kaiming(fanOut), channels, in / groups, kernel, kernel);
    return x.convolve(weight, slide, groups);
  }

  /** Batch normalisation with torch's constants. */
  public Expr batchNorm(String name, Expr x) {
    return batchNorm(name, x, EPSILON);
  }

  /**
   * Batch normalisation. Its running statistics keep 0.9 of themselves in a step; the running
   * variance is that over n - 1 values, the batch's own over n, as torch has it.
   */
  public Expr batchNorm(String name, Expr x, double epsilon) {
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
    net.becomes("running_mean", mean, batch.mean());
    net.becomes("running_var", variance, batch.variance().times(n.over(n.minus(1))));
    return batch.value();
  }

  private void becomes(String name, Expr running, Expr batch) {
    next.put(prefix + name, running.times(1 - MOMENTUM).plus(batch.times(MOMENTUM)).stop());
  }

  /** A linear map of rows, with a bias: x W' + b. */
  public Expr linear(String name, Expr x, int width) {
    int in = x.known(1);
    Expr weight = learned(name + ".weight", Start.uniform(in), width, in);
    Expr bias = learned(name + ".bias", Start.uniform(in), width);
    return x.matmul(weight.transposed()).plus(bias.row());
  }
}
