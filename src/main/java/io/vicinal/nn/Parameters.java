package io.vicinal.nn;

import io.vicinal.InputException;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Named tensors in a fixed order, each in a group: what a module learns, or gradients of that.
 * Settings speak of groups; a tensor of which nobody says otherwise is a group of its own.
 *
 * <p>The names never change. The tensors are shared by whatever is made of these parameters but
 * {@link #like} and {@link #copy}, and writing to them is for one thread at a time.
 */
public final class Parameters {
  private final Map<String, Tensor> tensors;
  private final Map<String, String> groups;

  private Parameters(Map<String, Tensor> tensors, Map<String, String> groups) {
    this.tensors = Collections.unmodifiableMap(tensors);
    this.groups = groups;
  }

  /** Each tensor in a group of its own. */
  public static Parameters of(Map<String, Tensor> tensors) {
    return of(tensors, Map.of());
  }

  /**
   * Tensors in their order.
   *
   * @param groups by name of the tensor; where one is missing its name is its group
   */
  public static Parameters of(Map<String, Tensor> tensors, Map<String, String> groups) {
    return new Parameters(new LinkedHashMap<>(tensors), Map.copyOf(groups));
  }

  /** These, then others of other names. */
  public Parameters and(Parameters others) {
    Map<String, Tensor> all = new LinkedHashMap<>(tensors);
    others.tensors.forEach(
        (name, tensor) -> {
          if (all.put(name, tensor) != null) {
            throw new IllegalArgumentException("two parameters are named " + name);
          }
        });
    Map<String, String> allGroups = new LinkedHashMap<>(groups);
    allGroups.putAll(others.groups);
    return new Parameters(all, allGroups);
  }

  /** The names in their order. */
  public List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  /** The tensors by name, in their order. */
  public Map<String, Tensor> named() {
    return tensors;
  }

  /** The tensor of this name, null if there is none. */
  public Tensor get(String name) {
    return tensors.get(name);
  }

  /** The group that a parameter is in. */
  public String group(String name) {
    return groups.getOrDefault(name, name);
  }

  /** The groups, in the order of their first parameters. */
  public List<String> groups() {
    return tensors.keySet().stream().map(this::group).distinct().toList();
  }

  /** The names of what is in some groups. */
  public List<String> in(Collection<String> some) {
    return tensors.keySet().stream().filter(name -> some.contains(group(name))).toList();
  }

  /** Those of these names, in the order that they have here; others are not missed. */
  public Parameters subset(Collection<String> names) {
    Map<String, Tensor> some = new LinkedHashMap<>(tensors);
    some.keySet().retainAll(names);
    return new Parameters(some, groups);
  }

  /** Those of other names. */
  public Parameters without(Collection<String> names) {
    Map<String, Tensor> some = new LinkedHashMap<>(tensors);
    some.keySet().removeAll(names);
    return new Parameters(some, groups);
  }

  /** Zeros of the same names, shapes and types, in another arena: for gradients and moments. */
  public Parameters like(Arena arena) {
    return made(tensor -> arena.allocate(tensor.dtype(), tensor.shape()));
  }

  /** A copy in another arena, on its device. */
  public Parameters copy(Arena arena) {
    Parameters copy = like(arena);
    copy.copyFrom(this);
    return copy;
  }

  /** These where they are of this type, else a copy that is. */
  public Parameters as(DType dtype, Arena arena) {
    return made(
        tensor -> {
          if (tensor.dtype() == dtype) {
            return tensor;
          }
          Tensor typed = arena.allocate(dtype, tensor.shape());
          typed.copyFrom(tensor);
          return typed;
        });
  }

  private interface Making {
    Tensor of(Tensor tensor);
  }

  private Parameters made(Making making) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> all.put(name, making.of(tensor)));
    return new Parameters(all, groups);
  }

  /** Overwrites these with parameters of the same names and shapes. */
  public void copyFrom(Parameters other) {
    tensors.forEach((name, tensor) -> tensor.copyFrom(other.tensors.get(name)));
  }

  /** Writes a {@code .safetensors} file, replacing it as a whole. */
  public void save(Path file, Map<String, String> metadata) {
    Safetensors.write(file, tensors, metadata);
  }

  /**
   * Reads what {@link #save} or another program wrote, each tensor in a group of its own.
   *
   * @throws InputException if the file is damaged
   */
  public static Parameters load(Path file, Arena arena) {
    return of(Safetensors.read(file, arena));
  }

  /** Names and shapes. */
  @Override
  public String toString() {
    return tensors.toString();
  }
}
