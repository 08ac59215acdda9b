package io.vicinal.kit;

import io.vicinal.InputException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The options of {@link Check}. A value, safe for any thread.
 *
 * @param device "cuda" or "cuda:N"
 * @param seed of every shape and value
 * @param rounds shapes per operation
 * @param largest dimension
 * @param only operations whose name contains it
 */
record CheckSettings(String device, long seed, int rounds, int largest, String only) {
  private static final List<String> NAMED =
      List.of("--device", "--seed", "--rounds", "--largest", "--only");

  /** Reads {@code --device NAME --seed N --rounds N --largest N --only TEXT}. */
  static CheckSettings parse(String... arguments) {
    Options given = Options.parse(List.of(), NAMED, arguments);
    CheckSettings settings =
        new CheckSettings(
            given.text("--device", "cuda"),
            given.whole("--seed", ThreadLocalRandom.current().nextInt(1_000_000)),
            given.number("--rounds", 4),
            given.number("--largest", 300),
            given.text("--only", ""));
    if (settings.rounds < 1 || settings.largest < 4) {
      throw new InputException("--rounds must be 1 or more and --largest 4 or more");
    }
    return settings;
  }
}
