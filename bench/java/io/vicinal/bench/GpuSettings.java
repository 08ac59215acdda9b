package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The options of {@link GpuRunner}. A value, safe for any thread.
 *
 * @param kit the kit's folder
 * @param out receives JSON lines
 * @param python an interpreter that may have torch, or null
 * @param rows names; all if empty
 * @param precisions of products
 * @param device "cuda" or "cuda:N"
 * @param workspace MiB of a backend's tiles, 0 for its own choice: it decides how many rows a block
 *     has
 * @param quick small problems, for trying it out
 * @param list only print the rows' names
 * @param command what to record as the command
 */
record GpuSettings(
    Path kit,
    Path out,
    Path python,
    List<String> rows,
    List<String> precisions,
    String device,
    int workspace,
    boolean quick,
    boolean list,
    String command) {
  /** The experiment that runs after the rows. */
  static final String INFLUENCE = "influence";

  private static final List<String> PRECISIONS = List.of("float32", "tf32", "bfloat16");

  /**
   * Reads {@code --kit DIR --out FILE [--python FILE] [--rows a,b] [--precisions a,b] [--device
   * NAME] [--workspace MIB] [--quick] [--list]}.
   */
  static GpuSettings parse(String... arguments) {
    Path kit = Path.of("");
    Path out = Path.of("bench.jsonl");
    Path python = null;
    List<String> rows = List.of();
    List<String> precisions = PRECISIONS;
    String device = "cuda";
    int workspace = 0;
    boolean quick = false;
    boolean list = false;
    for (int i = 0; i < arguments.length; i++) {
      String option = arguments[i];
      if (option.equals("--quick")) {
        quick = true;
        continue;
      }
      if (option.equals("--list")) {
        list = true;
        continue;
      }
      if (++i == arguments.length) {
        throw new InputException(option + " is unknown or needs a value");
      }
      String value = arguments[i];
      switch (option) {
        case "--kit" -> kit = Path.of(value);
        case "--out" -> out = Path.of(value);
        case "--python" -> python = Path.of(value);
        case "--rows" -> rows = List.of(value.split(","));
        case "--precisions" -> precisions = List.of(value.split(","));
        case "--device" -> device = value;
        case "--workspace" -> workspace = mebibytes(value);
        default ->
            throw new InputException(
                option
                    + " is unknown; the options are --out, --python, --rows, --precisions,"
                    + " --device, --workspace, --quick, --list");
      }
    }
    List<String> known = names();
    if (!known.containsAll(rows)) {
      throw new InputException("--rows: choose from " + String.join(", ", known));
    }
    if (!PRECISIONS.containsAll(precisions)) {
      throw new InputException("--precisions: choose from " + String.join(", ", PRECISIONS));
    }
    return new GpuSettings(
        kit,
        out,
        python,
        rows,
        precisions,
        device,
        workspace,
        quick,
        list,
        "./run bench " + String.join(" ", arguments));
  }

  /** Every row's name, and the experiment's. */
  static List<String> names() {
    return Stream.concat(GpuRow.all(true).stream().map(GpuRow::name), Stream.of(INFLUENCE))
        .toList();
  }

  private static int mebibytes(String value) {
    try {
      return Integer.parseUnsignedInt(value);
    } catch (NumberFormatException e) {
      throw new InputException("--workspace: '" + value + "' is no number of MiB", e);
    }
  }

  boolean wants(String name) {
    return rows.isEmpty() || rows.contains(name);
  }

  /** What the kit says of itself, and the card. */
  JsonObject kitFacts() {
    JsonObject facts = new JsonObject();
    facts.addProperty("commit", line("cat", kit.resolve("commit").toString()));
    facts.addProperty(
        "card",
        line(
            "nvidia-smi",
            "--query-gpu=name,driver_version,memory.total,power.limit",
            "--format=csv,noheader"));
    facts.addProperty("quick", quick);
    facts.addProperty("workspace_mib", workspace);
    return facts;
  }

  private static String line(String... command) {
    try {
      Process process = new ProcessBuilder(command).start();
      try (var output = process.getInputStream()) {
        return new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
      }
    } catch (IOException e) {
      return "unknown: there is no " + command[0];
    }
  }
}
