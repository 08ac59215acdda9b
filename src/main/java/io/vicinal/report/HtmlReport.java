package io.vicinal.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import io.vicinal.data.AtomicFile;
import io.vicinal.influence.verify.Badge;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Writes a report as one HTML file that needs nothing else: style, script, data and pictures are
 * inside. Its content security policy allows exactly that style and that script, pictures from data
 * URIs, and no connection. The data is JSON whose every angle bracket, ampersand and quote is
 * escaped, and the script only ever writes it as text: a class name cannot become markup.
 *
 * <p>Stateless, so safe for any thread.
 */
public final class HtmlReport {
  private static final List<String> SCRIPTS =
      List.of("page", "chart", "sections", "confusions", "map", "review", "start");

  private static final JsonSerializer<Double> NUMBER =
      (value, type, context) ->
          Double.isFinite(value)
              ? new JsonPrimitive(new BigDecimal(value).round(new MathContext(6)))
              : JsonNull.INSTANCE;

  /** The name by which the page's script and style know a badge. */
  private static final JsonSerializer<Badge> BADGE =
      (badge, type, context) -> new JsonPrimitive(badge.name().toLowerCase(Locale.ROOT));

  private static final Gson GSON =
      new GsonBuilder()
          .registerTypeAdapter(Badge.class, BADGE)
          .registerTypeAdapter(double.class, NUMBER)
          .registerTypeAdapter(Double.class, NUMBER)
          .create();

  private HtmlReport() {}

  /**
   * Writes the file, whole or not at all.
   *
   * @throws io.vicinal.InputException if it cannot be written
   */
  public static void write(ReportData data, Path file) {
    AtomicFile.writeText(file, html(data));
  }

  /** The file's text. */
  public static String html(ReportData data) {
    String style = resource("report.css");
    String script =
        SCRIPTS.stream().map(name -> resource(name + ".js")).collect(Collectors.joining("\n"));
    return resource("report.html")
        .replace("STYLE_HASH", hash(style))
        .replace("SCRIPT_HASH", hash(script))
        .replace("/*STYLE*/", style)
        .replace("/*SCRIPT*/", script)
        .replace("/*DATA*/", json(data));
  }

  /** The data as the script reads it. */
  static String json(ReportData data) {
    JsonObject root = new JsonObject();
    root.addProperty("title", data.title());
    root.addProperty("subtitle", data.subtitle());
    root.add("provenance", GSON.toJsonTree(data.provenance()));
    JsonArray sections = new JsonArray();
    for (Section section : data.sections()) {
      JsonObject json = GSON.toJsonTree(section).getAsJsonObject();
      json.addProperty("type", section.type());
      sections.add(json);
    }
    root.add("sections", sections);
    root.add("pictures", GSON.toJsonTree(data.pictures().uris()));
    return GSON.toJson(root);
  }

  private static String hash(String text) {
    try {
      byte[] bytes =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }
}
