package io.vicinal.nn.network;

import io.vicinal.InputException;
import java.util.ArrayList;
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
    ALL.put("convnet-28", new ConvNet());
  }

  private Networks() {}

  /** All names, in the order of the pages. */
  public static List<String> names() {
    return new ArrayList<>(ALL.keySet());
  }

  /**
   * The network of a name.
   *
   * @throws InputException if there is none, with the names that there are
   */
  public static Network named(String name) {
    Network network = ALL.get(name);
    if (network == null) {
      throw new InputException(
          "network: '" + name + "' is unknown; choose " + String.join(", ", names()));
    }
    return network;
  }
}
