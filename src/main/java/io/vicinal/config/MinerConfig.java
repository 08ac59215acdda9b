package io.vicinal.config;

import com.google.gson.JsonObject;
import io.vicinal.loss.Compat;
import io.vicinal.loss.Compat.Kind;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import java.util.List;
import java.util.Map;

/**
 * Which tuples of a batch its loss sees.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name of the miner, for example {@code distance}; null for all tuples
 * @param params the other keys of the section, in their order, with those of defects
 * @param compat defects that are reproduced; mostly none
 */
public record MinerConfig(String name, Map<String, String> params, List<Compat> compat) {

  static MinerConfig read(ConfigObject s, LossConfig loss) {
    String name = s.text("name", null);
    if (name == null) {
      s.end();
      return new MinerConfig(null, Map.of(), List.of());
    }
    if (!loss.ofTuples()) {
      throw s.error("name", loss.name() + " compares samples with proxies; leave the miner out");
    }
    List<Compat> compat = NamedParams.compat(s, Kind.MINER, name);
    Map<String, String> params =
        NamedParams.read(s, name, compat, p -> Miners.params(Miners.create(name, p)).keySet());
    MinerConfig config = new MinerConfig(name, params, compat);
    s.checked(
        "name", () -> Miners.fit(TupleLosses.create(loss.name(), loss.params()), config.create()));
    return config;
  }

  /** The miner, null for all tuples. */
  public Miner create() {
    return name == null ? null : Miners.create(name, params);
  }

  JsonObject json() {
    return NamedParams.json(name, params, compat);
  }
}
