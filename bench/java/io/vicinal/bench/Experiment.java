package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import java.nio.file.Path;
import java.util.List;

/**
 * A row that is judged by its own numbers rather than by a ratio of times: gates, detection rates,
 * memory limits. Named and chosen like the other rows.
 */
interface Experiment {
  /** What {@code --rows} takes. */
  String name();

  /**
   * Does the work and judges it.
   *
   * @param quick a small problem, to see that it runs
   * @param folder an empty folder for files, deleted afterwards
   */
  Outcome run(Backend backend, boolean quick, Path folder) throws Exception;

  /**
   * What came out.
   *
   * @param table lines for the reader
   * @param json the same for the record; "type", "row" and "pass" are added
   * @param pass whether every target was met
   */
  record Outcome(List<String> table, JsonObject json, boolean pass) {}
}
