package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a pickle that {@code torch.save} wrote may name: containers, tensors of real numbers and
 * their storages, and a few plain values of Python that checkpoints hold beside them. The list is
 * closed; each is made by code of this class alone. For one thread.
 */
final class TorchObjects implements Pickle.Objects {
  private static final int MAX_RANK = 16;
  private static final int MAX_TENSORS = 50_000;
  private static final Map<String, Element> STORAGES =
      Map.of(
          "DoubleStorage", Element.F64,
          "FloatStorage", Element.F32,
          "HalfStorage", Element.F16,
          "BFloat16Storage", Element.BF16,
          "LongStorage", Element.I64,
          "IntStorage", Element.I32,
          "ShortStorage", Element.I16,
          "CharStorage", Element.I8,
          "ByteStorage", Element.U8,
          "BoolStorage", Element.BOOL);

  /** A class or function that may be called. */
  private interface Callable {
    Object of(List<?> arguments);
  }

  /** A class of storages; null: of bytes. */
  private record StorageClass(Element element) {}

  private final InputFile file;
  private final Map<String, TorchTensor.Storage> storages = new HashMap<>();
  private final Map<String, Callable> callables = new HashMap<>();
  private int tensors;
  private long entries; // of dicts that were made of pairs

  /** For the pickles of one file. */
  TorchObjects(InputFile file) {
    this.file = file;
    for (String python : new String[] {"builtins.", "__builtin__."}) {
      callables.put(python + "dict", this::dict);
      for (String list : new String[] {"list", "tuple", "set", "frozenset"}) {
        callables.put(python + list, this::list);
      }
      for (String value : new String[] {"str", "int", "long", "float", "bool", "bytearray"}) {
        callables.put(python + value, arguments -> arguments.isEmpty() ? null : arguments.get(0));
      }
    }
    callables.put("collections.OrderedDict", this::dict);
    callables.put("collections.defaultdict", arguments -> new LinkedHashMap<>());
    callables.put("argparse.Namespace", arguments -> new LinkedHashMap<>());
    callables.put("_codecs.encode", arguments -> "bytes");
    callables.put("torch.Size", this::list);
    callables.put("torch.device", arguments -> "device");
    callables.put("torch._utils._rebuild_tensor", arguments -> tensor(arguments, null));
    callables.put("torch._utils._rebuild_tensor_v2", arguments -> tensor(arguments, null));
    callables.put(
        "torch._utils._rebuild_tensor_v3",
        arguments -> tensor(arguments, argument(arguments, 6, Element.class)));
    callables.put(
        "torch._utils._rebuild_parameter", arguments -> argument(arguments, 0, Object.class));
    callables.put(
        "torch._utils._rebuild_parameter_with_state",
        arguments -> argument(arguments, 0, Object.class));
  }

  /** The storages that were named, by key. */
  Map<String, TorchTensor.Storage> storages() {
    return storages;
  }

  @Override
  public Object named(String module, String name) {
    String path = module + "." + name;
    if (callables.containsKey(path)) {
      return callables.get(path);
    }
    if (module.equals("torch") || module.equals("torch.cuda") || module.equals("torch.storage")) {
      if (STORAGES.containsKey(name)) {
        return new StorageClass(STORAGES.get(name));
      }
      if (name.equals("UntypedStorage")) {
        return new StorageClass(null);
      }
      for (Element element : Element.values()) {
        if (element.words().equals(name)) {
          return element;
        }
      }
    }
    throw file.problem(
        "asks for "
            + InputFile.printable(path)
            + ", which is neither a container nor a tensor of real numbers; nothing was executed",
        Pickle.REMEDY);
  }

  @Override
  public Object call(Object named, List<?> arguments) {
    if (named instanceof Callable callable) {
      return callable.of(arguments);
    }
    throw damaged("calls what is no function");
  }

  /** Of {@code ("storage", class, key, location, size)}, and once a view of another, now null. */
  @Override
  public Object stored(Object id) {
    if (!(id instanceof List<?> parts)
        || parts.size() < 5
        || parts.size() > 6
        || !"storage".equals(parts.get(0))
        || parts.size() == 6 && parts.get(5) != null) {
      throw damaged("names something else than a storage outside of it");
    }
    StorageClass of = argument(parts, 1, StorageClass.class);
    String key = argument(parts, 2, String.class);
    TorchTensor.Storage storage =
        new TorchTensor.Storage(key, of.element(), number(argument(parts, 4, Object.class)));
    TorchTensor.Storage before = storages.putIfAbsent(key, storage);
    if (before != null && !before.equals(storage)) {
      throw damaged("says two things of storage " + InputFile.printable(key));
    }
    return storage;
  }

  /**
   * A view: storage, offset, sizes, strides, and what matters to training alone.
   *
   * @param type of a storage of bytes, else null
   */
  private TorchTensor tensor(List<?> arguments, Element type) {
    if (++tensors > MAX_TENSORS) {
      throw file.problem("holds more than " + MAX_TENSORS + " tensors", Pickle.REMEDY);
    }
    TorchTensor.Storage storage = argument(arguments, 0, TorchTensor.Storage.class);
    Element element = type == null ? storage.element() : type;
    if (element == null || type != null && storage.element() != null) {
      throw damaged("has a tensor without a type");
    }
    long all = type == null ? storage.size() : storage.size() / type.bytes();
    long offset = number(argument(arguments, 1, Object.class));
    long[] sizes = numbers(argument(arguments, 2, List.class));
    long[] strides = numbers(argument(arguments, 3, List.class));
    if (sizes.length != strides.length || sizes.length > MAX_RANK) {
      throw damaged(
          "has a tensor of " + sizes.length + " sizes and " + strides.length + " strides");
    }
    try {
      long size = 1;
      long last = offset;
      for (int i = 0; i < sizes.length; i++) {
        size = Math.multiplyExact(size, sizes[i]);
        last = Math.addExact(last, Math.multiplyExact(Math.max(0, sizes[i] - 1), strides[i]));
      }
      Shape shape = Shape.of(sizes);
      if (size == 0 || last < all && size <= all) {
        return new TorchTensor(storage, element, size == 0 ? 0 : offset, shape, strides);
      }
      throw file.problem(
          "has a tensor "
              + shape
              + (last < all ? " that repeats its " : " beyond its ")
              + all
              + " stored numbers",
          last < all ? "save tensor.contiguous()" : "write it again: it is damaged");
    } catch (ArithmeticException e) {
      throw damaged("has a tensor of more than 2^63 numbers");
    }
  }

  private Object dict(List<?> arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (!arguments.isEmpty()) { // Python 2: of a list of pairs
      List<?> pairs = argument(arguments, 0, List.class);
      entries += pairs.size();
      if (entries > Pickle.MAX_STEPS) {
        throw damaged("holds more than " + Pickle.MAX_STEPS + " entries");
      }
      for (Object pair : pairs) {
        if (!(pair instanceof List<?> two) || two.size() != 2) {
          throw damaged("has a dict of what are no pairs");
        }
        map.put(argument(two, 0, String.class), two.get(1));
      }
    }
    return map;
  }

  /** No copy: a few instructions could ask for many of a long one. */
  private Object list(List<?> arguments) {
    return arguments.isEmpty() ? new ArrayList<>() : argument(arguments, 0, List.class);
  }

  private <T> T argument(List<?> arguments, int i, Class<T> type) {
    if (i < arguments.size() && type.isInstance(arguments.get(i))) {
      return type.cast(arguments.get(i));
    }
    throw damaged("has other arguments than torch.save writes");
  }

  private long number(Object value) {
    if (value instanceof Long number && number >= 0) {
      return number;
    }
    throw damaged("has a size that is no whole number from 0 on");
  }

  private long[] numbers(List<?> values) {
    long[] numbers = new long[Math.min(values.size(), MAX_RANK + 1)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(values.get(i));
    }
    return numbers;
  }

  private InputException damaged(String what) {
    return file.problem("its pickle " + what, "write it again with torch.save");
  }
}
