package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * A network before its weights: what it makes of a batch of images. An implementation names its
 * layers as the framework does in whose files its weights are found.
 */
public interface Network {
  /** The sides and channels of an image when nobody says otherwise, [height, width, channels]. */
  record Images(int height, int width, int channels) {
    static final Images PHOTOGRAPHS = new Images(224, 224, 3);
  }

  /** The images that it was made for. */
  default Images images() {
    return Images.PHOTOGRAPHS;
  }

  /**
   * The last map of features.
   *
   * @param net where layers are declared
   * @param images [N, height, width, channels], normalised
   * @return [N, h, w, features]
   */
  Expr map(Layers net, Expr images);

  /**
   * The features of each image, [N, features]: the means of the map, where a network says nothing
   * else.
   */
  default Expr features(Layers net, Expr images) {
    return map(net, images).globalAveragePool();
  }

  /** Whether an embedding, what the layer behind the features makes, is divided by its length. */
  default boolean normalised() {
    return false;
  }

  /**
   * The layer behind the features, before training: weight [width, features] and bias, with the
   * first values of torch's linear layers where a network says nothing else.
   */
  default List<Variable> head(long features, long width) {
    Start start = Start.uniform(features);
    return List.of(
        new Variable(
            classifier() + ".weight", Variable.Kind.LEARNED, new long[] {width, features}, start),
        new Variable(classifier() + ".bias", Variable.Kind.LEARNED, new long[] {width}, start));
  }

  /** The name of the layer behind the features in the source framework's files. */
  default String classifier() {
    return "fc";
  }

  /** Where the architecture is published, and whose names its weights have. */
  String source();
}
