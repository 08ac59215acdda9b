package io.vicinal.loss.tuple;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.TupleLoss.Facts;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * The registry of tuple losses: those of this package, and of any jar whose {@link Provider} Java's
 * ServiceLoader finds. Safe for any thread.
 */
public final class TupleLosses {
  /** A jar's own losses. */
  public interface Provider {
    /** Records with {@link TupleLoss.Facts}. */
    List<Class<? extends TupleLoss>> losses();
  }

  private static final List<Class<? extends TupleLoss>> OWN =
      List.of(
          Contrastive.class,
          Triplet.class,
          Margin.class,
          Quadruplet.class,
          Snr.class,
          NPair.class,
          Angular.class,
          Lifted.class,
          LiftedStructure.class,
          MultiSimilarity.class,
          Histogram.class,
          FastAp.class,
          Circle.class,
          Nca.class,
          NtXent.class,
          SupCon.class,
          TupletMargin.class,
          IntraPairVariance.class,
          RecallAtK.class,
          SmoothAp.class,
          Softmax.class,
          SphereFace.class,
          SubCenterArcFace.class,
          ProxyNcaV2.class);

  private static final Map<String, Class<? extends TupleLoss>> REGISTRY = registry();

  private TupleLosses() {}

  private static Map<String, Class<? extends TupleLoss>> registry() {
    List<Class<? extends TupleLoss>> all = new ArrayList<>(OWN);
    for (Provider more : ServiceLoader.load(Provider.class, TupleLosses.class.getClassLoader())) {
      all.addAll(more.losses());
    }
    Map<String, Class<? extends TupleLoss>> registry = new LinkedHashMap<>();
    for (Class<? extends TupleLoss> type : all) {
      if (!type.isRecord() || !type.isAnnotationPresent(Facts.class)) {
        throw new IllegalStateException(type.getName() + " is no record with TupleLoss.Facts");
      }
      if (registry.putIfAbsent(type.getAnnotation(Facts.class).name(), type) != null) {
        throw new IllegalStateException(
            type.getName() + ": the loss " + type.getAnnotation(Facts.class).name() + " exists");
      }
    }
    return registry;
  }

  /** Every name, in a fixed order. */
  public static List<String> names() {
    return List.copyOf(REGISTRY.keySet());
  }

  /** Whether there is a loss of this name. */
  public static boolean has(String name) {
    return REGISTRY.containsKey(name);
  }

  /**
   * A loss with some parameters given as text and the others at their defaults.
   *
   * @throws InputException if the name, a parameter or its value is unknown or out of range; it
   *     says what exists
   */
  public static TupleLoss create(String name, Map<String, String> params) {
    Class<? extends TupleLoss> type = REGISTRY.get(name);
    if (type == null) {
      throw new InputException(
          "loss: '" + name + "' is unknown; choose " + String.join(", ", names()));
    }
    RecordComponent[] components = type.getRecordComponents();
    List<String> known = Arrays.stream(components).map(TupleLosses::parameter).toList();
    for (String given : params.keySet()) {
      if (!known.contains(given)) {
        String has = known.isEmpty() ? "none" : String.join(", ", known);
        throw new InputException(name + ": unknown parameter '" + given + "'; it has " + has);
      }
    }
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      values[i] = read(name, components[i], params.get(known.get(i)));
    }
    try {
      return type.getConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " cannot be made", e);
    }
  }

  /**
   * As {@link #create(String, Map)}, for a caller who has arrays of some parameters: the loss
   * learns those that it may, which are {@code NAME} where it has {@code learn-NAME}.
   */
  public static TupleLoss create(
      String name, Map<String, String> params, Collection<String> arrays) {
    Map<String, String> all = new LinkedHashMap<>(params);
    if (has(name)) {
      Arrays.stream(REGISTRY.get(name).getRecordComponents())
          .map(TupleLosses::parameter)
          .filter(known -> arrays.stream().anyMatch(array -> known.equals("learn-" + array)))
          .forEach(known -> all.putIfAbsent(known, "true"));
    }
    return create(name, all);
  }

  /** What is known of a loss. */
  public static Facts facts(TupleLoss loss) {
    return loss.getClass().getAnnotation(Facts.class);
  }

  /** Every parameter by its external name with its value. */
  public static Map<String, Object> params(TupleLoss loss) {
    Map<String, Object> params = new LinkedHashMap<>();
    for (RecordComponent component : loss.getClass().getRecordComponents()) {
      try {
        params.put(parameter(component), component.getAccessor().invoke(loss));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(component + " cannot be read", e);
      }
    }
    return params;
  }

  private static String parameter(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static Object read(String loss, RecordComponent component, String given) {
    Standard standard = component.getAnnotation(Standard.class);
    if (standard == null) {
      throw new IllegalStateException(loss + ": " + component.getName() + " has no @Standard");
    }
    String text = given == null ? standard.value() : given;
    String start = loss + ": " + parameter(component) + " '" + text + "'";
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
