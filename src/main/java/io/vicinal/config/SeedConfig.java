package io.vicinal.config;

/**
 * A seed per component; null where it follows from the run's {@code seed}.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param head the head's and the proxies' first values
 * @param sampler the order of the batches
 * @param validation the validation split
 */
public record SeedConfig(Long head, Long sampler, Long validation) {

  static SeedConfig read(ConfigObject s) {
    Long head = s.has("head") ? s.whole("head", 0) : null;
    Long sampler = s.has("sampler") ? s.whole("sampler", 0) : null;
    Long validation = s.has("validation") ? s.whole("validation", 0) : null;
    s.end();
    return new SeedConfig(head, sampler, validation);
  }
}
