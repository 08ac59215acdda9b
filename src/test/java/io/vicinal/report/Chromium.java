package io.vicinal.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A headless Chromium with one page, driven by its DevTools protocol. Collects what a good page
 * never causes: script errors, messages on the console, requests for anything but the page's own
 * file. Every wait ends.
 */
public final class Chromium implements AutoCloseable {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");

  private final Process process;
  private final Path profile;
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonObject>> waiting = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final String session;
  private int next;

  /** The browser on this machine's path, if there is one. */
  public static Optional<Path> find() {
    return Stream.of(System.getenv("PATH").split(":"))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  public Chromium(Path browser) throws Exception {
    profile = Files.createTempDirectory("chromium");
    process =
        new ProcessBuilder(
                browser.toString(),
                "--headless=new",
                "--no-sandbox", // root in a container has no other way
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                "--force-color-profile=srgb",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    try {
      socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .buildAsync(address(), new Listener())
              .get(Patience.SECONDS, TimeUnit.SECONDS);
      JsonObject target = call(null, "Target.createTarget", object("url", "about:blank"));
      JsonObject attach = object("targetId", target.get("targetId").getAsString());
      attach.addProperty("flatten", true);
      session = call(null, "Target.attachToTarget", attach).get("sessionId").getAsString();
      for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
        call(domain + ".enable", new JsonObject());
      }
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  /** The line "DevTools listening on ws://..."; the rest of the output is read and forgotten. */
  private URI address() throws Exception {
    CompletableFuture<URI> found = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line; (line = lines.readLine()) != null; ) {
                  if (line.startsWith("DevTools listening on ")) {
                    found.complete(URI.create(line.substring(22).strip()));
                  }
                }
                found.completeExceptionally(new IOException("Chromium ended"));
              } catch (IOException e) {
                found.completeExceptionally(e);
              }
            });
    reader.setDaemon(true);
    reader.start();
    return found.get(Patience.SECONDS, TimeUnit.SECONDS);
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        JsonObject message = JsonParser.parseString(text.toString()).getAsJsonObject();
        text.setLength(0);
        if (message.has("id")) {
          waiting.remove(message.get("id").getAsInt()).complete(message);
        } else {
          event(message.get("method").getAsString(), message.getAsJsonObject("params"));
        }
      }
      from.request(1);
      return null;
    }
  }

  private void event(String method, JsonObject params) {
    switch (method) {
      case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded" ->
          complaints.add(method + " " + params);
      case "Network.requestWillBeSent" ->
          requests.add(params.getAsJsonObject("request").get("url").getAsString());
      default -> {
        // of no interest
      }
    }
  }

  /** Script errors, console messages and log entries so far. */
  public List<String> complaints() {
    return complaints;
  }

  /** Addresses that were asked for so far; a data URI is not a request. */
  public List<String> requests() {
    return requests.stream().filter(url -> !url.startsWith("data:")).toList();
  }

  /** Opens a file and waits until the page is drawn. */
  public void open(Path file, int width, int height, String scheme) throws Exception {
    JsonObject size = object("width", width);
    size.addProperty("height", height);
    size.addProperty("deviceScaleFactor", 1);
    size.addProperty("mobile", width < 600);
    call("Emulation.setDeviceMetricsOverride", size);
    JsonObject feature = object("name", "prefers-color-scheme");
    feature.addProperty("value", scheme);
    JsonArray features = new JsonArray();
    features.add(feature);
    JsonObject media = new JsonObject();
    media.add("features", features);
    call("Emulation.setEmulatedMedia", media);
    call("Page.navigate", object("url", file.toUri().toString()));
    await("document.readyState === 'complete' && !!document.querySelector('main')");
    evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))");
  }

  /** The value of a script expression; a promise is waited for. */
  public JsonElement evaluate(String expression) throws Exception {
    JsonObject params = object("expression", expression);
    params.addProperty("returnByValue", true);
    params.addProperty("awaitPromise", true);
    JsonObject answer = call("Runtime.evaluate", params);
    if (answer.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + answer.get("exceptionDetails"));
    }
    JsonElement value = answer.getAsJsonObject("result").get("value");
    return value == null ? com.google.gson.JsonNull.INSTANCE : value;
  }

  /** Whether a script expression is true. */
  public boolean is(String expression) throws Exception {
    return evaluate(expression).getAsBoolean();
  }

  /** The value of a script expression as text. */
  public String text(String expression) throws Exception {
    return evaluate(expression).getAsString();
  }

  /** Waits for an expression to become true. */
  public void await(String expression) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Patience.SECONDS);
    while (!is(expression)) {
      if (System.nanoTime() > end) {
        throw new TimeoutException("never true: " + expression);
      }
      Thread.sleep(50);
    }
  }

  /** Scrolls the first element into the middle and clicks it with the mouse. */
  public void click(String selector) throws Exception {
    double[] at = middle(selector);
    for (int tries = 0; !isAt(selector, at) && tries < 100; tries++) {
      mouse("mouseMoved", 1, 1); // what lies over it, such as a tip, goes away
      at = middle(selector);
    }
    mouse("mousePressed", at[0], at[1]);
    mouse("mouseReleased", at[0], at[1]);
  }

  private boolean isAt(String selector, double[] at) throws Exception {
    return evaluate(
            "document.querySelector('%s').contains(document.elementFromPoint(%s, %s))"
                .formatted(selector, at[0], at[1]))
        .getAsBoolean();
  }

  /** Moves the mouse to a place in the window. */
  public void move(double x, double y) throws Exception {
    mouse("mouseMoved", x, y);
  }

  /** Touches and lets go. */
  public void tap(double x, double y) throws Exception {
    JsonObject point = object("x", x);
    point.addProperty("y", y);
    JsonArray points = new JsonArray();
    points.add(point);
    JsonObject start = object("type", "touchStart");
    start.add("touchPoints", points);
    call("Input.dispatchTouchEvent", start);
    JsonObject end = object("type", "touchEnd");
    end.add("touchPoints", new JsonArray());
    call("Input.dispatchTouchEvent", end);
  }

  public void press(String key) throws Exception {
    for (String type : List.of("keyDown", "keyUp")) {
      JsonObject params = object("type", type);
      params.addProperty("key", key);
      params.addProperty("code", key);
      call("Input.dispatchKeyEvent", params);
    }
  }

  /** The middle of the first element, scrolled into view. */
  public double[] middle(String selector) throws Exception {
    String element = "document.querySelector('" + selector + "')";
    evaluate(element + ".scrollIntoView({block: 'center', behavior: 'instant'})");
    evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))");
    JsonObject box =
        evaluate(
                "(() => { const r = "
                    + element
                    + ".getBoundingClientRect();"
                    + " return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()")
            .getAsJsonObject();
    return new double[] {box.get("x").getAsDouble(), box.get("y").getAsDouble()};
  }

  private void mouse(String type, double x, double y) throws Exception {
    JsonObject params = object("type", type);
    params.addProperty("x", x);
    params.addProperty("y", y);
    params.addProperty("button", type.equals("mouseMoved") ? "none" : "left");
    params.addProperty("clickCount", type.equals("mouseMoved") ? 0 : 1);
    call("Input.dispatchMouseEvent", params);
  }

  /** The whole page as a PNG, or the window. */
  public void screenshot(Path file, boolean whole) throws Exception {
    JsonObject params = object("format", "png");
    params.addProperty("captureBeyondViewport", whole);
    byte[] png =
        Base64.getDecoder()
            .decode(call("Page.captureScreenshot", params).get("data").getAsString());
    Files.createDirectories(file.getParent());
    Files.write(file, png);
  }

  private JsonObject call(String method, JsonObject params) throws Exception {
    return call(session, method, params);
  }

  private JsonObject call(String to, String method, JsonObject params) throws Exception {
    int id = ++next;
    JsonObject message = object("method", method);
    message.addProperty("id", id);
    message.add("params", params);
    if (to != null) {
      message.addProperty("sessionId", to);
    }
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    socket.sendText(message.toString(), true).get(Patience.SECONDS, TimeUnit.SECONDS);
    JsonObject got = answer.get(Patience.SECONDS, TimeUnit.SECONDS);
    if (got.has("error")) {
      throw new IOException(method + ": " + got.get("error"));
    }
    return got.getAsJsonObject("result");
  }

  private static JsonObject object(String name, Object value) {
    JsonObject object = new JsonObject();
    if (value instanceof Number number) {
      object.addProperty(name, number);
    } else {
      object.addProperty(name, value.toString());
    }
    return object;
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    try {
      process.waitFor(Patience.SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.walk(profile)) {
      files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (java.io.UncheckedIOException e) {
      // A dying child may still remove its own files; the folder is a temporary one.
    }
  }
}
