package io.vicinal.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A folder with small, well-formed inputs: 12 samples of 3 classes, 4 columns. */
record Fixture(Path folder) {
  static final int SAMPLES = 12;
  static final int CLASSES = 3;
  static final int WIDTH = 4;

  static Fixture in(Path folder) {
    try {
      Files.createDirectories(folder);
      Fixture fixture = new Fixture(folder);
      NpyBytes.random(fixture.at("E.npy"), 1, SAMPLES, WIDTH);
      NpyBytes.random(fixture.at("P.npy"), 2, CLASSES, WIDTH);
      NpyBytes.longs(fixture.at("y.npy"), 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
      NpyBytes.floats(fixture.at("w.npy"), ones(), SAMPLES);
      Files.writeString(fixture.at("c.json"), fixture.config());
      Files.write(fixture.at("head.safetensors"), head());
      return fixture;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] ones() {
    float[] values = new float[SAMPLES];
    Arrays.fill(values, 1);
    return values;
  }

  Path at(String name) {
    return folder.resolve(name);
  }

  String text(String name) {
    return at(name).toString();
  }

  private String config() {
    return "{\"data\": {\"features\": \"E.npy\", \"labels\": \"y.npy\"},\n"
        + " \"validation\": {\"fraction\": 0},\n"
        + " \"loss\": {\"name\": \"normalized-softmax\"},\n"
        + " \"head\": {\"embedding\": 2},\n"
        + " \"sampler\": {\"name\": \"random\", \"batch\": 4},\n"
        + " \"epochs\": 2, \"compute\": {\"threads\": 1}}\n";
  }

  /** weight [2, 4], bias [2], as the format's page describes. */
  static byte[] head() {
    return safetensors(
        "{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]},"
            + "\"bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[32,40]}}",
        40);
  }

  /** A header and {@code bytes} of small float32 numbers after it. */
  static byte[] safetensors(String header, int bytes) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    var all =
        ByteBuffer.allocate(8 + text.length + bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .put(text);
    Random random = new Random(3);
    for (int i = 0; i < bytes / 4; i++) {
      all.putFloat(random.nextFloat() - 0.5f);
    }
    return all.array();
  }

  /** The arguments of a good {@code loss} command with one option's value replaced or added. */
  Object[] loss(String name, String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--embeddings", text("E.npy"));
    options.put("--labels", text("y.npy"));
    options.put("--proxies", text("P.npy"));
    options.put("--out", text("out"));
    return arguments(options, new String[] {"loss", name}, (Object[]) replaced);
  }

  Object[] evaluate(String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--embeddings", text("E.npy"));
    options.put("--labels", text("y.npy"));
    options.put("--metrics", "r@1,map@r");
    options.put("--out", text("metrics.json"));
    return arguments(options, new String[] {"evaluate"}, (Object[]) replaced);
  }

  Object[] embed(String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--features", text("E.npy"));
    options.put("--head", text("head.safetensors"));
    options.put("--out", text("Z.npy"));
    return arguments(options, new String[] {"embed"}, (Object[]) replaced);
  }

  /** Of an {@code export} command. */
  Object[] export(String what, String out, String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--features", text("E.npy"));
    options.put("--head", text("head.safetensors"));
    options.put("--out", text(out));
    return arguments(options, new String[] {"export", what}, (Object[]) replaced);
  }

  Object[] train(String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--config", text("c.json"));
    options.put("--run", text("run"));
    return arguments(options, new String[] {"train"}, (Object[]) replaced);
  }

  /** A good command's arguments; an option that no value follows is a flag. */
  static Object[] arguments(Map<String, String> options, String[] first, Object... replaced) {
    List<Object> all = new ArrayList<>(List.of((Object[]) first));
    for (int i = 0; i < replaced.length; i++) {
      boolean flag = i + 1 == replaced.length || String.valueOf(replaced[i + 1]).startsWith("--");
      options.put((String) replaced[i], flag ? "" : (String) replaced[++i]);
    }
    options.forEach(
        (key, value) -> {
          if (value != null) {
            all.add(key);
            if (!value.isEmpty()) {
              all.add(value);
            }
          }
        });
    return all.toArray();
  }
}
