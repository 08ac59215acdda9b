package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The one door for a network's weights, named tensors: {@code .safetensors}, and what PyTorch saves
 * as {@code .pth}, {@code .pt} or {@code .pth.tar}. Read is what the first bytes say, written what
 * the ending says. Stateless, so safe for any thread.
 */
public final class WeightFile {
  /** What wrappers put in front of every name: DataParallel, {@code torch.compile}. */
  private static final String[] WRAPPERS = {"module.", "_orig_mod."};

  private static final int TAR = 257; // where a tar archive says that it is one

  private WeightFile() {}

  /**
   * Reads all tensors; the name of a wrapper in front of every one is taken off.
   *
   * @param path a file; {@code FILE:KEY} for one of several dicts of tensors in a PyTorch file
   * @param notes receives what is not obvious, one sentence each
   * @return tensors of {@code arena} by name, in the file's order
   * @throws InputException if the file is missing, damaged, holds something else, or is too large
   *     for memory
   */
  public static Map<String, Tensor> read(Path path, Arena arena, Consumer<String> notes) {
    ArrayPath at = ArrayPath.of(path);
    Map<String, Tensor> tensors;
    if (isTorch(at.file())) {
      tensors = TorchFile.read(path, arena, notes);
    } else if (at.part() == null) {
      tensors = Safetensors.read(at.file(), arena);
    } else {
      throw InputFile.problem(
          at.file(), "has no dicts to choose from", "leave out :" + InputFile.printable(at.part()));
    }
    for (String wrapper : WRAPPERS) {
      if (!tensors.isEmpty() && tensors.keySet().stream().allMatch(n -> n.startsWith(wrapper))) {
        Map<String, Tensor> bare = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> bare.put(name.substring(wrapper.length()), tensor));
        tensors = bare;
        notes.accept(
            InputFile.printable(at.file().toString())
                + ": every name without its "
                + wrapper
                + " in front");
      }
    }
    return tensors;
  }

  private static boolean isTorch(Path file) {
    try (InputFile in = InputFile.open(file)) {
      String start = new String(in.peek(TAR + 5), StandardCharsets.ISO_8859_1);
      if (start.startsWith("{", Long.BYTES)) { // the length before the brace may look like anything
        return false;
      }
      if (start.startsWith("ustar", TAR)) {
        throw in.problem("is a tar archive", "unpack it, and name the file with the weights");
      }
      if (start.startsWith("PK") || start.startsWith("\u0080")) {
        return true;
      }
      OtherFormat.check(file, in.peek(OtherFormat.BYTES));
      if (file.toString().endsWith(".safetensors")) {
        return false; // whose reader says what is missing
      }
      throw in.problem(
          "is neither a .safetensors file nor one that torch.save wrote", Pickle.REMEDY);
    }
  }

  /** Whether a file of this name is one of weights. */
  public static boolean isWeights(Path path) {
    String name = path.toString();
    return name.endsWith(".safetensors") || name.endsWith(".pth") || name.endsWith(".pt");
  }

  /**
   * Writes tensors, replacing {@code path} as a whole: {@code .safetensors}, or a file that {@code
   * torch.load} reads.
   *
   * @throws IllegalArgumentException if a name is no Unicode
   * @throws InputException if the file cannot be written
   */
  public static void write(Path path, Map<String, Tensor> tensors) {
    if (path.toString().endsWith(".safetensors")) {
      Safetensors.write(path, tensors, Map.of("format", "pt"));
    } else {
      TorchFile.write(path, tensors);
    }
  }
}
