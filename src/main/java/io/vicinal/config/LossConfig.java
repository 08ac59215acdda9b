package io.vicinal.config;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.loss.Compat;
import io.vicinal.loss.Compat.Kind;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.nn.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The loss by name, its parameters as text; as the loss's own factory accepts them.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name for example {@code proxy-anchor} or {@code triplet}
 * @param params the other keys of the section, in their order, with those of defects
 * @param normalize whether a loss of a batch sees embeddings of unit length; those against proxies
 *     compare directions anyway
 * @param compat defects that are reproduced; mostly none
 */
public record LossConfig(
    String name, Map<String, String> params, boolean normalize, List<Compat> compat) {

  private static final List<LearnedParameter> KEYS =
      List.of(
          new LearnedParameter("keys", List.of("B", "d")),
          new LearnedParameter("queue", List.of("K", "d")));

  static LossConfig read(ConfigObject s) {
    String name = s.text("name", "proxy-nca-pp");
    boolean normalize = !TupleLosses.has(name) || s.flag("normalize", true);
    List<Compat> compat = NamedParams.compat(s, Kind.LOSS, name);
    return new LossConfig(
        name, NamedParams.read(s, name, compat, p -> known(name, p)), normalize, compat);
  }

  private static Set<String> known(String name, Map<String, String> params) {
    if (TupleLosses.has(name)) {
      TupleLoss loss = TupleLosses.create(name, params);
      checkTrains(name, loss);
      return TupleLosses.params(loss).keySet();
    }
    if (!Losses.names().contains(name)) {
      List<String> all = new ArrayList<>(Losses.names());
      all.addAll(TupleLosses.names());
      throw new InputException("loss: '" + name + "' is unknown; choose " + String.join(", ", all));
    }
    return Losses.create(name, params).params().keySet();
  }

  /** Refuses a loss that needs what a run on features and labels does not have. */
  private static void checkTrains(String name, TupleLoss loss) {
    List<LearnedParameter> missing = new ArrayList<>(takesKeys(loss) ? List.of() : loss.given());
    loss.learned().stream()
        .filter(p -> !p.sizes().stream().allMatch(size -> size.matches("C|d|\\d+")))
        .forEach(missing::add);
    if (missing.isEmpty()) {
      return;
    }
    List<LearnedParameter> ofSamples = missing.stream().filter(LossConfig::isOfSamples).toList();
    String needed =
        (ofSamples.isEmpty() ? missing : ofSamples)
            .stream()
                .map(p -> p.name() + " [" + String.join(", ", p.sizes()) + "]")
                .collect(Collectors.joining(", "));
    throw new InputException(
        name
            + " needs "
            + needed
            + (ofSamples.isEmpty() ? "" : ", more of each sample than its features and one label")
            + ", which training does not have; it is for 'vicinal loss'");
  }

  private static boolean isOfSamples(LearnedParameter array) {
    return array.sizes().contains("B");
  }

  /**
   * Whether a loss is given the keys that a momentum copy of the head makes, and a queue of them.
   */
  public static boolean takesKeys(TupleLoss loss) {
    return loss.given().equals(KEYS);
  }

  /**
   * A loss against proxies.
   *
   * @param key what named it
   * @throws InputException if there is none of that name
   */
  public static Loss againstProxies(String key, String name, Map<String, String> params) {
    if (TupleLosses.has(name)) {
      throw new InputException(
          key
              + ": "
              + name
              + " is one of the losses of a batch; a loss against proxies is needed here: "
              + String.join(", ", Losses.names()));
    }
    return Losses.create(name, params);
  }

  /** Whether it compares the samples of a batch with each other, and has no kernels of its own. */
  public boolean ofTuples() {
    return TupleLosses.has(name);
  }

  /** The names of the parameters that it learns, beside those of the head. */
  List<String> learned() {
    return ofTuples()
        ? TupleLosses.create(name, params).learned().stream()
            .map(parameter -> Head.beside(parameter.name()))
            .toList()
        : List.of(Head.PROXIES);
  }

  JsonObject json() {
    JsonObject o = NamedParams.json(name, params, compat);
    if (ofTuples()) {
      o.addProperty("normalize", normalize);
    }
    return o;
  }
}
