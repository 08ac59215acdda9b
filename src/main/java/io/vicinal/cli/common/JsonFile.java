package io.vicinal.cli.common;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.vicinal.data.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Indented JSON files, written whole or not at all. */
public final class JsonFile {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  private JsonFile() {}

  public static void write(Path path, JsonObject object) {
    byte[] bytes = (GSON.toJson(object) + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(path, out -> out.write(bytes));
  }

  public static Gson gson() {
    return GSON;
  }
}
