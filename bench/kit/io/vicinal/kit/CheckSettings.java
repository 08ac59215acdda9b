package io.vicinal.kit;

import io.vicinal.InputException;
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
  private static final String USAGE =
      "; the options are --device NAME, --seed N, --rounds N, --largest N, --only TEXT";

  /** Reads {@code --device NAME --seed N --rounds N --largest N --only TEXT}. */
  static CheckSettings parse(String... arguments) {
    String device = "cuda";
    long seed = ThreadLocalRandom.current().nextInt(1_000_000);
    int rounds = 4;
    int largest = 300;
    String only = "";
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new InputException(arguments[i] + " needs a value" + USAGE);
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--device" -> device = value;
        case "--seed" -> seed = number(arguments[i], value);
        case "--rounds" -> rounds = Math.toIntExact(number(arguments[i], value));
        case "--largest" -> largest = Math.toIntExact(number(arguments[i], value));
        case "--only" -> only = value;
        default -> throw new InputException(arguments[i] + " is unknown" + USAGE);
      }
    }
    if (rounds < 1 || largest < 4) {
      throw new InputException("--rounds must be 1 or more and --largest 4 or more");
    }
    return new CheckSettings(device, seed, rounds, largest, only);
  }

  private static long number(String option, String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new InputException(option + " '" + value + "' is no whole number" + USAGE, e);
    }
  }
}
