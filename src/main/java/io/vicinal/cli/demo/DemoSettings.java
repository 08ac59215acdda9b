package io.vicinal.cli.demo;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * What was decided before any test image was looked at: the resource {@code settings.json}.
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param howChosen where the classes, epochs and hyper-parameters come from
 * @param config the training run
 * @param story the last act
 */
public record DemoSettings(String howChosen, RunConfig config, StorySettings story) {

  /**
   * Reads the resource.
   *
   * @param overrides {@code a.b=value}, as {@code train --set}
   */
  public static DemoSettings read(List<String> overrides) {
    try (InputStream in = DemoSettings.class.getResourceAsStream("settings.json")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      JsonObject root = JsonParser.parseString(text).getAsJsonObject();
      RunConfig config =
          ConfigParser.parse(
              root.get("config").toString(), "the demo's settings", Path.of(""), overrides);
      return new DemoSettings(
          root.get("howChosen").getAsString(),
          config,
          StorySettings.read(root.getAsJsonObject("story")));
    } catch (IOException e) {
      throw new UncheckedIOException("the demo's settings cannot be read", e);
    }
  }
}
