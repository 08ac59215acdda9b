package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Named tensors in a file that PyTorch's {@code torch.save} wrote ({@code .pth}, {@code .pt},
 * {@code .pth.tar}), in its ZIP format or the one before. The reader can build containers and
 * tensors of real numbers and nothing else; what else a file asks for is named and refused, nothing
 * is executed. Sizes are compared with the file before a tensor is allocated. float16 and bfloat16
 * become float32, bools and integers int64. Stateless, so safe for any thread.
 *
 * @see <a href="https://pytorch.org/docs/stable/notes/serialization.html">the format</a>
 */
public final class TorchFile {
  /** The same bytes may be several tensors, such as tied weights; not arbitrarily many. */
  private static final int MOST_VIEWS = 8;

  private static final int DEEP = 3;
  private static final Set<String> USUAL = Set.of("state_dict", "model", "model_state_dict");

  private TorchFile() {}

  /**
   * Reads a {@code state_dict}: the file's object, or a dict in it.
   *
   * @param path {@code FILE}, or {@code FILE:KEY} for one of several dicts
   * @param notes receives which dict it was, if that is not the whole file
   * @return tensors of {@code arena} by name, in the file's order
   * @throws InputException if the file is missing, damaged, holds something else than tensors and
   *     containers, no dict of tensors or several, or is too large for memory
   */
  public static Map<String, Tensor> read(Path path, Arena arena, Consumer<String> notes) {
    ArrayPath at = ArrayPath.of(path);
    try (TorchContainer container = TorchContainer.open(at.file())) {
      Map<String, TorchTensor> chosen = chosen(at, container.root(), notes);
      Map<String, TorchContainer.Place> places = new LinkedHashMap<>();
      long bytes = 0;
      for (Map.Entry<String, TorchTensor> entry : chosen.entrySet()) {
        TorchTensor tensor = entry.getValue();
        if (tensor.shape().size() > 0 || tensor.storage().size() > 0) {
          places.put(entry.getKey(), container.place(tensor.storage()));
        }
        bytes += tensor.bytes(); // each at most the file's, of at most a million
        if (bytes / MOST_VIEWS > container.size()) {
          throw InputFile.problem(
              at.file(),
              "has tensors of more than "
                  + MOST_VIEWS
                  + " times its size, views of the same storage",
              "save tensor.clone() of those that are wanted");
        }
      }
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      chosen.keySet().forEach(name -> tensors.put(name, null)); // their order
      List<String> names = new ArrayList<>(chosen.keySet());
      names.sort(
          Comparator.comparingLong(name -> chosen.get(name).offset())); // once from the front
      names.forEach(name -> tensors.put(name, read(chosen.get(name), places.get(name), arena)));
      return tensors;
    }
  }

  /** A tensor by its name with the keys of the dicts around it; without one the file's only one. */
  static StoredArray find(ArrayPath at) {
    TorchContainer container = TorchContainer.open(at.file());
    try {
      Map<String, TorchTensor> all = new LinkedHashMap<>();
      if (container.root() instanceof TorchTensor one) {
        all.put("", one);
      } else {
        collected(container.root())
            .forEach((dict, held) -> held.forEach((name, one) -> all.put(path(dict, name), one)));
      }
      String only = all.size() == 1 ? all.keySet().iterator().next() : null;
      TorchTensor tensor = all.get(at.part() == null ? only : at.part());
      if (tensor == null) {
        throw InputFile.problem(
            at.file(),
            (at.part() == null ? "holds " + all.size() + " tensors: " : "has no such tensor, but: ")
                + InputFile.listed(all.keySet()),
            "name one, such as " + at.file().getFileName() + ":NAME");
      }
      TorchContainer.Place place = container.place(tensor.storage());
      return tensor.stored(place.file(), place.start());
    } catch (RuntimeException | Error e) {
      container.close();
      throw e;
    }
  }

  private static Tensor read(TorchTensor tensor, TorchContainer.Place place, Arena arena) {
    return place == null
        ? arena.allocate(tensor.element().natural(), tensor.shape())
        : tensor.read(place.file(), place.start(), arena);
  }

  private static Map<String, TorchTensor> chosen(
      ArrayPath at, Object root, Consumer<String> notes) {
    if (root instanceof TorchTensor tensor) {
      throw InputFile.problem(
          at.file(), "is one tensor " + tensor.shape() + " without a name", Pickle.REMEDY);
    }
    Map<String, Map<String, TorchTensor>> found = collected(root);
    if (found.isEmpty()) {
      throw InputFile.problem(at.file(), "holds no named tensors", Pickle.REMEDY);
    }
    String key = at.part() == null ? only(found) : at.part();
    if (key == null || !found.containsKey(key)) {
      List<String> keys = found.keySet().stream().filter(name -> !name.isEmpty()).toList();
      if (keys.isEmpty()) {
        throw InputFile.problem(
            at.file(), "is one dict of tensors", "leave out :" + InputFile.printable(key));
      }
      throw InputFile.problem(
          at.file(),
          (key == null ? "holds several dicts of tensors: " : "has no such dict of tensors, but: ")
              + InputFile.listed(keys),
          "name one, such as " + at.file().getFileName() + ":" + InputFile.printable(keys.get(0)));
    }
    if (at.part() == null && !key.isEmpty()) {
      notes.accept(
          InputFile.printable(at.file().toString()) + ": takes its " + InputFile.printable(key));
    }
    return found.get(key);
  }

  /** The dict that is meant, null if that is not clear. */
  private static String only(Map<String, Map<String, TorchTensor>> found) {
    List<String> all = List.copyOf(found.keySet());
    List<String> usual = all.stream().filter(USUAL::contains).toList();
    return all.size() == 1 ? all.get(0) : usual.size() == 1 ? usual.get(0) : null;
  }

  /** Dicts with tensors, by their keys with dots between; each dict once. */
  private static Map<String, Map<String, TorchTensor>> collected(Object root) {
    Map<String, Map<String, TorchTensor>> found = new LinkedHashMap<>();
    collect(root, "", DEEP, found, Collections.newSetFromMap(new IdentityHashMap<>()));
    return found;
  }

  private static String path(String dict, String name) {
    return dict.isEmpty() ? name : dict + "." + name;
  }

  private static void collect(
      Object value,
      String path,
      int deep,
      Map<String, Map<String, TorchTensor>> found,
      Set<Object> seen) {
    if (!(value instanceof Map<?, ?> map) || !seen.add(map)) {
      return;
    }
    Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    map.forEach(
        (key, held) -> {
          if (key instanceof String name && held instanceof TorchTensor tensor) {
            tensors.put(name, tensor);
          }
        });
    if (!tensors.isEmpty()) {
      found.put(path, tensors);
    }
    if (deep > 0) {
      map.forEach(
          (key, held) -> {
            if (key instanceof String name) {
              collect(held, path(path, name), deep - 1, found, seen);
            }
          });
    }
  }

  /**
   * Writes a {@code state_dict} in the ZIP format, replacing {@code path} as a whole; {@code
   * torch.load} reads it with {@code weights_only=True}. The bytes are a function of the arguments.
   *
   * @throws IllegalArgumentException if a name is no Unicode
   * @throws InputException if the file cannot be written
   */
  public static void write(Path path, Map<String, Tensor> tensors) {
    TorchWriter.write(path, tensors);
  }
}
