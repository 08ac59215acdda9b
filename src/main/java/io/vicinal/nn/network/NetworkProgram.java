package io.vicinal.nn.network;

import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.program.Expr;
import io.vicinal.program.Forward;
import io.vicinal.program.Graph;
import io.vicinal.program.Program;
import io.vicinal.program.Reverse;
import io.vicinal.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network as programs over images of one size. Inputs are {@code images} [N, height, width,
 * channels] and the network's variables by name; outputs {@code features} [N, F] and, with
 * statistics of the batch, {@code next.NAME} for each running one. The gradient takes {@code
 * adjoint.features} and gives {@code gradient.NAME} and {@code gradient.images}; the product takes
 * {@code direction.NAME} and gives {@code tangent.features} and {@code tangent.gradient.NAME}, the
 * Hessian of the sum of adjoint times features along that direction.
 */
public final class NetworkProgram {
  /** The name of the input. */
  public static final String IMAGES = "images";

  /** The name of the output. */
  public static final String FEATURES = "features";

  private final List<Variable> variables;
  private final Program features;

  /**
   * Writes a network down.
   *
   * @param images the size of every image
   */
  public NetworkProgram(Network network, Network.Images images, Statistics statistics) {
    Graph graph = new Graph();
    Layers net = new Layers(graph, statistics);
    Expr input =
        graph.real(
            IMAGES,
            "N",
            Integer.toString(images.height()),
            Integer.toString(images.width()),
            Integer.toString(images.channels()));
    Map<String, Expr> outputs = new LinkedHashMap<>();
    outputs.put(FEATURES, network.features(net, input));
    net.next().forEach((name, value) -> outputs.put("next." + name, value));
    variables = net.variables();
    features = new Program(outputs);
  }

  /** What the network declares, in its order. */
  public List<Variable> variables() {
    return variables;
  }

  /** The names of what an optimiser changes. */
  public List<String> learned() {
    return variables.stream()
        .filter(variable -> variable.kind() == Variable.Kind.LEARNED)
        .map(Variable::name)
        .toList();
  }

  /** The number of learned values. */
  public long weights() {
    return variables.stream()
        .filter(variable -> variable.kind() == Variable.Kind.LEARNED)
        .mapToLong(variable -> Shape.of(variable.shape()).size())
        .sum();
  }

  /** F, the length of a feature vector. */
  public int width() {
    return features.output(FEATURES).known(1);
  }

  /** Features, and the next running statistics. */
  public Program features() {
    return features;
  }

  /** The same with the gradients of features times an adjoint. */
  public Program gradient() {
    List<String> wanted = new ArrayList<>(learned());
    wanted.add(IMAGES);
    return Reverse.of(features, List.of(FEATURES), wanted);
  }

  /** The features and their derivative along a direction of all that is learned. */
  public Program tangent() {
    return Forward.of(features, List.of(FEATURES), learned());
  }

  /** Features, gradients, and the derivatives of both along a direction of all that is learned. */
  public Program product() {
    List<String> moving = new ArrayList<>(List.of(FEATURES));
    learned().forEach(name -> moving.add("gradient." + name));
    return Forward.of(gradient(), moving, learned());
  }
}
