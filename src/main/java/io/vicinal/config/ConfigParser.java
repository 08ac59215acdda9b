package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Reads a {@link RunConfig} from a JSON file and {@code a.b=value} overrides.
 *
 * <p>Strict: an unknown key, a wrong type or a value out of range is an {@link InputException} that
 * names the file (or {@code --set}), the key's path and what was expected. Nothing is evaluated. A
 * value of an override is JSON when it reads as JSON, otherwise a string. Relative paths start from
 * the file's folder, in overrides from the working directory.
 *
 * <p>An override that names another sampler leaves out what the file says of the parameters of the
 * one that it names.
 *
 * <p>What the key {@code fitted} names, a run has fitted to its data: it counts as not given, since
 * other data want other values. {@link #stored} keeps it.
 *
 * <p>Stateless, so safe for any thread.
 */
public final class ConfigParser {

  private static final long MAX_BYTES = 4L << 20; // a configuration is a page; guards a wrong file

  private ConfigParser() {}

  /**
   * @param file the JSON file
   * @param overrides {@code a.b=value}, applied in order
   */
  public static RunConfig parse(Path file, List<String> overrides) {
    Path folder = file.toAbsolutePath().getParent();
    return parse(text(file), file.toString(), folder, overrides);
  }

  /**
   * The same, but where an override names other data than the file does, what the file says of its
   * own data is left out unless it is overridden too: names of samples and classes, validation
   * files.
   *
   * @param notes is told what was left out
   */
  public static RunConfig parse(Path file, List<String> overrides, Consumer<String> notes) {
    Path folder = file.toAbsolutePath().getParent();
    return parse(text(file), file.toString(), folder, overrides, notes);
  }

  /**
   * @param json the text
   * @param name what errors call it
   * @param folder what its relative paths start from
   */
  public static RunConfig parse(String json, String name, Path folder, List<String> overrides) {
    return parse(json, name, folder, overrides, null);
  }

  /**
   * @param notes null to keep what belongs to other data
   */
  private static RunConfig parse(
      String json, String name, Path folder, List<String> overrides, Consumer<String> notes) {
    JsonElement root = JsonTree.parse(json, name);
    if (!root.isJsonObject()) {
      throw OneLine.error(name + ": expected an object {...}");
    }
    JsonObject tree = root.getAsJsonObject();
    open(tree);
    JsonObject old = tree.deepCopy();
    Set<String> paths = new LinkedHashSet<>();
    for (String override : overrides) {
      apply(override, tree, paths);
    }
    Source source = new Source(name, folder, paths);
    if (notes != null) {
      new OtherData(old, source).leaveOut(tree, notes);
    }
    OtherSampler.leaveOut(tree, source, notes == null ? note -> {} : notes);
    return RunConfig.read(new ConfigObject(source, "", tree));
  }

  /**
   * @param tree as a file would hold it; not changed
   * @param name what errors call it; relative paths start from the working directory
   */
  public static RunConfig parse(JsonObject tree, String name) {
    JsonObject copy = tree.deepCopy();
    open(copy);
    return read(copy, name);
  }

  /**
   * The configuration of a run as it was, with the values that were fitted to its data.
   *
   * @param file a run folder's {@code config.json}
   */
  public static RunConfig stored(Path file) {
    JsonElement root = JsonTree.parse(text(file), file.toString());
    if (!root.isJsonObject()) {
      throw OneLine.error(file + ": expected an object {...}");
    }
    Path folder = file.toAbsolutePath().getParent();
    Source source = new Source(file.toString(), folder, Set.of());
    return RunConfig.read(new ConfigObject(source, "", root.getAsJsonObject()));
  }

  /**
   * Removes the list of what is fitted, and of that what still has the fitted value: another one
   * was given since, by hand. A list that is none is left for its reader.
   */
  private static void open(JsonObject root) {
    if (!(root.get("fitted") instanceof JsonArray entries)
        || !texts(entries).stream()
            .map(RunConfig::fittedKey)
            .allMatch(RunConfig.FITTED::contains)) {
      return;
    }
    root.remove("fitted");
    for (String entry : texts(entries)) {
      String key = RunConfig.fittedKey(entry);
      int dot = key.indexOf('.');
      boolean untouched = entry.equals(key + "=" + RunConfig.value(root, key));
      if (untouched && root.get(key.substring(0, dot)) instanceof JsonObject section) {
        section.remove(key.substring(dot + 1));
      }
    }
  }

  private static List<String> texts(JsonArray keys) {
    return keys.asList().stream()
        .map(key -> key.isJsonPrimitive() ? key.getAsString() : "")
        .toList();
  }

  private static RunConfig read(JsonObject tree, String name) {
    Source source = new Source(name, Path.of("").toAbsolutePath(), Set.of());
    return RunConfig.read(new ConfigObject(source, "", tree));
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw OneLine.error(file + ": larger than 4 MiB; this is no configuration");
      }
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw OneLine.error(file + ": no such file; give the path of a JSON configuration", e);
    } catch (CharacterCodingException e) {
      throw OneLine.error(file + ": not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      throw OneLine.error(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Sets one value; {@code paths} gains its path and those of the objects made on the way. */
  private static void apply(String override, JsonObject root, Set<String> paths) {
    int equals = override.indexOf('=');
    String path = equals < 0 ? "" : override.substring(0, equals).trim();
    if (path.isEmpty() || path.startsWith(".") || path.endsWith(".") || path.contains("..")) {
      throw OneLine.error(
          "--set " + override + ": expected a.b=value, for example optimizer.lr=0.001");
    }
    String[] keys = path.split("\\.");
    JsonObject at = root;
    for (int i = 0; i < keys.length - 1; i++) {
      JsonElement next = at.get(keys[i]);
      if (next == null || next.isJsonNull()) {
        next = new JsonObject();
        at.add(keys[i], next);
        paths.add(String.join(".", List.of(keys).subList(0, i + 1)));
      }
      if (!next.isJsonObject()) {
        throw OneLine.error(
            "--set " + override + ": " + keys[i] + " is a value, it has no keys below it");
      }
      at = next.getAsJsonObject();
    }
    at.add(keys[keys.length - 1], value(override.substring(equals + 1)));
    paths.add(path);
  }

  private static JsonElement value(String text) {
    try {
      return JsonTree.parse(text, "--set");
    } catch (InputException e) {
      return new JsonPrimitive(text);
    }
  }
}
