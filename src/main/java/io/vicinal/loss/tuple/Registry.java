package io.vicinal.loss.tuple;

import io.vicinal.InputException;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Records by name, whose components are their parameters ({@link Standard}): how losses, miners and
 * samplers are made from text. Safe for any thread.
 *
 * @param <T> what they all are
 */
public final class Registry<T> {
  private final String kind;
  private final Map<String, Class<? extends T>> types = new LinkedHashMap<>();

  /**
   * @param kind what messages call them
   * @param all the records
   * @param facts the annotation that each of them has
   * @param name of a record, from its facts
   */
  public <A extends Annotation> Registry(
      String kind, List<Class<? extends T>> all, Class<A> facts, Function<A, String> name) {
    this.kind = kind;
    for (Class<? extends T> type : all) {
      if (!type.isRecord() || !type.isAnnotationPresent(facts)) {
        throw new IllegalStateException(
            type.getName() + " is no record with " + facts.getName().replaceAll(".*\\.", ""));
      }
      String known = name.apply(type.getAnnotation(facts));
      if (types.putIfAbsent(known, type) != null) {
        throw new IllegalStateException(type.getName() + ": the " + kind + " " + known + " exists");
      }
    }
  }

  /** Every name, in a fixed order. */
  public List<String> names() {
    return List.copyOf(types.keySet());
  }

  /** Whether this is one of the names. */
  public boolean has(String name) {
    return types.containsKey(name);
  }

  /** The names of parameters of one that there is. */
  public List<String> parameters(String name) {
    return Arrays.stream(types.get(name).getRecordComponents()).map(Registry::parameter).toList();
  }

  /**
   * One with some parameters given as text and the others at their defaults.
   *
   * @throws InputException if the name, a parameter or its value is unknown or out of range; it
   *     says what exists
   */
  public T create(String name, Map<String, String> params) {
    Class<? extends T> type = types.get(name);
    if (type == null) {
      throw new InputException(
          kind + ": '" + name + "' is unknown; choose " + String.join(", ", names()));
    }
    RecordComponent[] components = type.getRecordComponents();
    List<String> known = parameters(name);
    for (String given : params.keySet()) {
      if (!known.contains(given)) {
        String has = known.isEmpty() ? "none" : String.join(", ", known);
        throw new InputException(name + ": unknown parameter '" + given + "'; it has " + has);
      }
    }
    Object[] values = new Object[components.length];
    Class<?>[] classes = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      classes[i] = components[i].getType();
      values[i] = read(name, components[i], params.get(known.get(i)));
    }
    try {
      return type.getConstructor(classes).newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof InputException refused) {
        throw refused;
      }
      throw new IllegalStateException(type.getName() + " cannot be made", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " cannot be made", e);
    }
  }

  /** Every parameter of a record by its external name with its value. */
  public static Map<String, Object> params(Object made) {
    Map<String, Object> params = new LinkedHashMap<>();
    for (RecordComponent component : made.getClass().getRecordComponents()) {
      try {
        params.put(parameter(component), component.getAccessor().invoke(made));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(component + " cannot be read", e);
      }
    }
    return params;
  }

  private static String parameter(RecordComponent component) {
    return external(component.getName());
  }

  /** What users call a component. */
  public static String external(String component) {
    return component.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static Object read(String of, RecordComponent component, String given) {
    Standard standard = component.getAnnotation(Standard.class);
    if (standard == null) {
      throw new IllegalStateException(of + ": " + component.getName() + " has no @Standard");
    }
    String text = given == null ? standard.value() : given;
    String start = of + ": " + parameter(component) + " '" + text + "'";
    if (component.getType() == boolean.class) {
      if (!List.of("true", "false").contains(text)) {
        throw new InputException(start + " is none of true, false");
      }
      return Boolean.valueOf(text);
    }
    if (component.getType() == String.class) {
      if (!List.of(standard.choices()).contains(text)) {
        throw new InputException(start + " is none of " + String.join(", ", standard.choices()));
      }
      return text;
    }
    boolean whole = component.getType() == int.class;
    double value;
    try {
      value = whole ? Integer.parseInt(text) : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      String kind = whole ? "a whole number" : "a number";
      throw new InputException(
          start + " is not " + kind + "; give one such as " + standard.value(), e);
    }
    if (!(value >= standard.least() && value <= standard.most())) {
      throw new InputException(start + range(standard));
    }
    return whole ? (Object) (int) value : (Object) value;
  }

  private static String range(Standard standard) {
    if (standard.least() == -Double.MAX_VALUE && standard.most() == Double.MAX_VALUE) {
      return " is not finite";
    }
    if (standard.most() == Double.MAX_VALUE) {
      return " is below " + standard.least();
    }
    return " is outside " + standard.least() + ".." + standard.most();
  }
}
