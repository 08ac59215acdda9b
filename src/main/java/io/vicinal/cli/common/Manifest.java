package io.vicinal.cli.common;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * {@code vicinal-outputs.json}: the files of a folder that Vicinal wrote, with their sizes and
 * SHA-256. A file that is listed and unchanged is Vicinal's own and may be replaced; one that
 * somebody put there or edited is not. For one thread.
 */
final class Manifest {
  /** The file's name. */
  static final String NAME = "vicinal-outputs.json";

  private static final int PIECE = 256 << 10;
  private static final String FILES = "files";

  private final JsonObject files;

  private Manifest(JsonObject files) {
    this.files = files;
  }

  /**
   * Reads a folder's.
   *
   * @param overwrite take something else of that name for an empty one
   * @throws InputException if something else has its name
   */
  static Manifest of(Path folder, boolean overwrite) {
    Path file = folder.resolve(NAME);
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      JsonObject files = json.getAsJsonObject(FILES);
      if (json.has("written_by") && files != null) {
        return new Manifest(files);
      }
    } catch (IOException | JsonParseException | IllegalStateException | ClassCastException e) {
      // told below
    }
    if (overwrite || !Files.exists(file)) {
      return new Manifest(new JsonObject());
    }
    throw new InputException(
        file
            + ": is not the list of its files that Vicinal keeps under this name; move it away, or"
            + " replace it with --overwrite");
  }

  /** Whether a file of the folder is listed and unchanged. */
  boolean owns(Path file) {
    try {
      JsonObject entry = files.getAsJsonObject(file.getFileName().toString());
      return entry != null
          && Files.isRegularFile(file)
          && entry.get("bytes").getAsLong() == Files.size(file)
          && entry.get("sha256").getAsString().equals(hash(file));
    } catch (IOException | RuntimeException e) {
      return false; // unreadable, or an entry that somebody edited
    }
  }

  /** Lists a finished file under the name that it will have. */
  void put(String name, Path finished) throws IOException {
    JsonObject entry = new JsonObject();
    entry.addProperty("bytes", Files.size(finished));
    entry.addProperty("sha256", hash(finished));
    files.add(name, entry);
  }

  void remove(String name) {
    files.remove(name);
  }

  void write(Path file) {
    JsonObject json = new JsonObject();
    json.addProperty(
        "written_by",
        "vicinal; it replaces a file listed here while that is unchanged, and asks for --overwrite"
            + " before it replaces another");
    json.add(FILES, files);
    JsonFile.write(file, json);
  }

  private static String hash(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] piece = new byte[PIECE];
      for (int count = in.read(piece); count > 0; count = in.read(piece)) {
        digest.update(piece, 0, count);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
