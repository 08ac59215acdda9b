package io.vicinal.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The memory of a run outside the Java heap, by what it is for. An estimate: what the allocator
 * rounds up is left out.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param bytes by purpose, in a fixed order
 */
public record MemoryEstimate(Map<String, Long> bytes) {

  private static final long DEFAULT_WORKSPACE = 256L << 20; // of an engine (vicinal.h)

  /** Keeps the order. */
  public MemoryEstimate {
    bytes = Collections.unmodifiableMap(new LinkedHashMap<>(bytes));
  }

  /**
   * @param samples N
   * @param width D
   * @param embedding d
   * @param proxyRows C*K
   * @param batch B
   * @param validation V
   * @param element bytes of one number
   * @param moments state tensors per parameter: 0, 1 or 2
   * @param workspace of the engine; 0 for its default
   */
  static MemoryEstimate of(
      long samples,
      long width,
      long embedding,
      long proxyRows,
      long batch,
      long validation,
      int element,
      int moments,
      long workspace) {
    long parameters = element * (embedding * width + embedding + proxyRows * embedding);
    Map<String, Long> bytes = new LinkedHashMap<>();
    bytes.put("features", element * samples * width);
    bytes.put("labels", 8 * samples);
    bytes.put("validation", validation * (element * width + 8));
    bytes.put("validation embeddings", element * validation * embedding);
    bytes.put("parameters", parameters);
    bytes.put("gradients", parameters);
    bytes.put("optimizer moments", moments * parameters);
    bytes.put("batch", batch * (element * width + 16));
    bytes.put("workspace, at most", workspace == 0 ? DEFAULT_WORKSPACE : workspace);
    return new MemoryEstimate(bytes);
  }

  /** The sum. */
  public long total() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** A table: one purpose per line, in MiB, then the total. */
  public String table() {
    StringBuilder table = new StringBuilder();
    bytes.forEach((purpose, size) -> table.append(line(purpose, size)));
    return table.append(line("total", total())).toString();
  }

  private static String line(String purpose, long size) {
    return String.format(Locale.ROOT, "  %-22s %12.1f MiB%n", purpose, size / 1048576.0);
  }
}
