package io.vicinal.cli;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.Text;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.nn.network.Network;
import io.vicinal.nn.network.NetworkProgram;
import io.vicinal.nn.network.NetworkWeights;
import io.vicinal.nn.network.Networks;
import io.vicinal.program.Executable;
import io.vicinal.program.Program;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal network}: a network on given images, with derivatives. */
@Command(
    name = "network",
    sortOptions = false,
    header = "Run a network on images: features, gradients, Hessian-vector products.",
    description = {
      "",
      "For checking another implementation, or for a training loop of your own. Weights have the",
      "names of the framework that 'vicinal list networks' says, in a .safetensors file or one that",
      "torch.save wrote; what the file holds beyond the network is said.",
      "",
      "Writes to the folder: features.npy, the pooled features; embeddings.npy where the file has the",
      "layer behind them; with --cotangent gradients.safetensors and grad_images.npy; with",
      "--direction tangent.npy and, if there is a cotangent, hvp.safetensors, the Hessian of the sum",
      "of cotangent times features. With --train running.safetensors has the next running statistics.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal network convnet-28 --weights W.safetensors --images X.npy --out features",
      "",
      "'vicinal list networks' shows every network with its images and its source."
    })
final class NetworkCommand implements Callable<Integer> {
  private static final String GRADIENT = "gradient.";
  private static final String TANGENT = "tangent.";
  private static final String DIRECTION = "direction.";
  private static final String NEXT = "next.";
  private static final String FEATURES_FILE = "features.npy";
  private static final String EMBEDDINGS_FILE = "embeddings.npy";
  private static final String GRADIENTS_FILE = "gradients.safetensors";
  private static final String IMAGES_FILE = "grad_images.npy";
  private static final String TANGENT_FILE = "tangent.npy";
  private static final String PRODUCT_FILE = "hvp.safetensors";
  private static final String RUNNING_FILE = "running.safetensors";
  private static final List<String> FILES =
      List.of(
          FEATURES_FILE,
          EMBEDDINGS_FILE,
          GRADIENTS_FILE,
          IMAGES_FILE,
          TANGENT_FILE,
          PRODUCT_FILE,
          RUNNING_FILE);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The network, for example resnet50.")
  private String name;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W.pth",
      description = {
        "What the network learned, by its framework's names: .safetensors, or PyTorch's .pth, .pt,",
        "and W.pth:KEY for one of several dicts in it."
      })
  private Path weights;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "X.npy",
      description = "[B, height, width, channels], normalised as the weights expect it.")
  private Path images;

  @Option(
      names = "--train",
      description = "Batch normalisation by the batch's statistics, as in a training step.")
  private boolean train;

  @Option(
      names = "--cotangent",
      paramLabel = "G.npy",
      description = "[B, F], the derivative of a loss by the features.")
  private Path cotangent;

  @Option(
      names = "--direction",
      paramLabel = "D.safetensors",
      description = "A direction of the weights by name; a weight that is missing does not move.")
  private Path direction;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Compute in float32 or float64; default: float32.")
  private ElementType type;

  @Mixin private DeviceOptions device;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    Network network = Networks.named(name);
    DType dtype = type == null ? DType.F32 : type.dtype();
    try (Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = new ArrayFiles(arena, backend).wider("leave out --dtype float64");
      Tensor x = files.images(images, dtype);
      NetworkProgram program = program(network, x.shape());
      NetworkWeights found =
          NetworkWeights.read(weights, arena, dtype, program.variables(), network.classifier());
      found.notes().forEach(spec.commandLine().getErr()::println);
      Map<String, Tensor> inputs = new LinkedHashMap<>(found.values());
      inputs.put(NetworkProgram.IMAGES, x);
      if (cotangent != null) {
        inputs.put(
            "adjoint." + NetworkProgram.FEATURES,
            files.exactly(cotangent, dtype, "that of the features", x.dim(0), program.width()));
      }
      if (direction != null) {
        direction(arena, dtype, program, found).forEach((of, d) -> inputs.put(DIRECTION + of, d));
      }
      try (OutputFolder folder = new OutputFolder(out.path(), results(found), out.outputs());
          Executable run = new Executable(backend, wanted(program))) {
        Map<String, Tensor> results = run.run(arena, inputs);
        write(backend, arena, folder, results, found);
        folder.commit(FILES);
        Shape shape = results.get(NetworkProgram.FEATURES).shape();
        spec.commandLine().getOut().println(words(shape, found.others()));
      }
    }
    return 0;
  }

  private String words(Shape features, List<String> others) {
    String ignored =
        others.isEmpty()
            ? ""
            : Text.say(
                "; %s not used: %s",
                Text.count(others.size(), "other tensor", "other tensors"),
                String.join(", ", others.subList(0, Math.min(4, others.size()))));
    return Text.say("%s %s%s: %s", name, features, ignored, out);
  }

  private NetworkProgram program(Network network, Shape shape) {
    try {
      return new NetworkProgram(
          network,
          new Network.Images((int) shape.dim(1), (int) shape.dim(2), (int) shape.dim(3)),
          train ? Statistics.BATCH : Statistics.RUNNING);
    } catch (IllegalArgumentException e) {
      throw Text.wrong(
          "%s: %s cannot take images of %s x %s x %s: %s",
          images, name, shape.dim(1), shape.dim(2), shape.dim(3), e.getMessage());
    }
  }

  private Program wanted(NetworkProgram program) {
    if (cotangent == null) {
      return direction == null ? program.features() : program.tangent();
    }
    return direction == null ? program.gradient() : program.product();
  }

  private List<String> results(NetworkWeights found) {
    List<String> names = new ArrayList<>(List.of(FEATURES_FILE));
    if (found.classifier() != null) {
      names.add(EMBEDDINGS_FILE);
    }
    if (cotangent != null) {
      names.add(GRADIENTS_FILE);
      names.add(IMAGES_FILE);
    }
    if (direction != null) {
      names.add(TANGENT_FILE);
      if (cotangent != null) {
        names.add(PRODUCT_FILE);
      }
    }
    if (train) {
      names.add(RUNNING_FILE);
    }
    return names;
  }

  private void write(
      Backend backend,
      Arena arena,
      OutputFolder folder,
      Map<String, Tensor> results,
      NetworkWeights found) {
    Tensor features = results.get(NetworkProgram.FEATURES);
    Npy.write(folder.file(FEATURES_FILE), features);
    if (found.classifier() != null) {
      Tensor embeddings = embeddings(backend, arena, features, found);
      if (Networks.named(name).normalised()) {
        backend.normalizeRows(embeddings, embeddings);
      }
      Npy.write(folder.file(EMBEDDINGS_FILE), embeddings);
    }
    if (cotangent != null) {
      Map<String, Tensor> gradients = named(results, GRADIENT);
      Npy.write(folder.file(IMAGES_FILE), gradients.remove(NetworkProgram.IMAGES));
      Safetensors.write(folder.file(GRADIENTS_FILE), gradients, Map.of());
    }
    if (direction != null) {
      Npy.write(folder.file(TANGENT_FILE), results.get(TANGENT + NetworkProgram.FEATURES));
      if (cotangent != null) {
        Map<String, Tensor> products = named(results, TANGENT + GRADIENT);
        Safetensors.write(folder.file(PRODUCT_FILE), products, Map.of());
      }
    }
    if (train) {
      Safetensors.write(folder.file(RUNNING_FILE), named(results, NEXT), Map.of());
    }
  }

  private static Map<String, Tensor> named(Map<String, Tensor> results, String prefix) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    results.forEach(
        (of, tensor) -> {
          if (of.startsWith(prefix)) {
            found.put(of.substring(prefix.length()), tensor);
          }
        });
    return found;
  }

  private Tensor embeddings(Backend backend, Arena arena, Tensor features, NetworkWeights found) {
    if (found.classifier().shape().rank() != 2 || found.classifier().dim(1) != features.dim(1)) {
      throw Text.wrong(
          "%s: its last layer is %s, behind features %s; name the network that it is of",
          weights, found.classifier().shape(), features.shape());
    }
    Tensor embeddings =
        arena.allocate(features.dtype(), features.dim(0), found.classifier().dim(0));
    HeadTensors head = new HeadTensors(found.classifier(), found.bias(), null);
    backend.embed(features, head, embeddings);
    return embeddings;
  }

  private Map<String, Tensor> direction(
      Arena arena, DType dtype, NetworkProgram program, NetworkWeights found) {
    Map<String, Tensor> given = Safetensors.read(direction, arena);
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (String of : program.learned()) {
      Shape shape = found.values().get(of).shape();
      Tensor part = given.remove(of);
      if (part != null && !part.shape().equals(shape)) {
        throw Text.wrong("%s: %s is %s; it must be %s", direction, of, part.shape(), shape);
      }
      Tensor typed = arena.allocate(dtype, shape.dims());
      if (part != null) {
        typed.copyFrom(part);
      }
      all.put(of, typed);
    }
    if (!given.isEmpty()) {
      throw Text.wrong(
          "%s: %s has no weight %s", direction, name, String.join(", ", given.keySet()));
    }
    return all;
  }
}
