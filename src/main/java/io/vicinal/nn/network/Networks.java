package io.vicinal.nn.network;

import io.vicinal.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The networks that are there, by name. */
public final class Networks {
  private static final Map<String, Network> ALL = new LinkedHashMap<>();

  static {
    ALL.put("resnet18", new ResNet(false, 1, 64, 2, 2, 2, 2));
    ALL.put("resnet34", new ResNet(false, 1, 64, 3, 4, 6, 3));
    ALL.put("resnet50", new ResNet(true, 1, 64, 3, 4, 6, 3));
    ALL.put("resnet101", new ResNet(true, 1, 64, 3, 4, 23, 3));
    ALL.put("resnext101-32x8d", new ResNet(true, 32, 8, 3, 4, 23, 3));
    ALL.put("googlenet", new GoogLeNet());
    ALL.put("bn-inception", new BnInception());
    ALL.put("resnetv2-50-bit", new ResNetV2(256, 3, 4, 6, 3));
    ALL.put("efficientnet-b0", new EfficientNet());
    ALL.put("pyramidnet-200", new PyramidNet(200, 240));
    ALL.put("preact-resnet18", new PreActResNet(2, 2, 2, 2));
    ALL.put("convnet-28", new ConvNet());
    ALL.put("mlp", new Mlp(256, 128));
  }

  private Networks() {}

  /** All names without modifiers, in the order of the pages. */
  public static List<String> names() {
    return new ArrayList<>(ALL.keySet());
  }

  /**
   * The network of a name, with the {@link Modifier}s behind it: {@code resnet50_frozen_normalize}.
   *
   * @throws InputException if there is none, with the names that there are
   */
  public static Network named(String name) {
    String[] words = name.split("_", -1);
    Network network = ALL.get(words[0]);
    if (network == null) {
      throw new InputException(
          "network: '" + name + "' is unknown; choose " + String.join(", ", names()));
    }
    return words.length == 1
        ? network
        : new ModifiedNetwork(
            network, Modifier.of(name, Arrays.copyOfRange(words, 1, words.length)));
  }
}
