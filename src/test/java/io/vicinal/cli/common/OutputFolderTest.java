package io.vicinal.cli.common;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several files appear together; several commands in one folder do not lose each other's marks. */
class OutputFolderTest {
  @TempDir private Path folder;

  @Test
  void manyThatFinishAtOnceAreAllListed() throws Exception {
    int writers = 8;
    ExecutorService pool = Executors.newFixedThreadPool(writers);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        String name = "file" + i;
        running.add(pool.submit(() -> write(name, name)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      pool.shutdownNow();
    }
    for (int i = 0; i < writers; i++) {
      write("file" + i, "again");
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("nothing hidden").hasSize(writers + 1);
    }
  }

  /** Somebody's file that came while the work went on is not replaced either. */
  @Test
  void aFileThatCameInTheMeantimeStays() throws IOException {
    try (OutputFolder out = open("x")) {
      Files.writeString(out.file("x"), "result");
      Files.writeString(folder.resolve("x"), "mine");
      refused(out::commit, "x: is in the way");
    }
    assertThat(folder.resolve("x")).hasContent("mine");
  }

  /** Also where the size stays what it was. */
  @Test
  void aResultThatSomebodyChangedStays() throws IOException {
    write("x", "result");
    Files.writeString(folder.resolve("x"), "edited");
    refused(() -> open("x"), "changed since");
    assertThat(folder.resolve("x")).hasContent("edited");
  }

  @Test
  void aResultMustBeNamedBeforeTheWork() {
    try (OutputFolder out = open("x")) {
      assertThatThrownBy(() -> out.file("y")).isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Python's json reads NaN, other readers refuse the file. */
  @Test
  void numbersThatJsonDoesNotHaveAreNull() throws IOException {
    JsonObject json = new JsonObject();
    json.addProperty("nan", Double.NaN);
    json.addProperty("whole", Long.MAX_VALUE);
    JsonFile.write(folder.resolve("a.json"), json);
    JsonObject read =
        JsonParser.parseString(Files.readString(folder.resolve("a.json"))).getAsJsonObject();
    assertThat(read.get("nan").isJsonNull()).isTrue();
    assertThat(read.get("whole").getAsLong()).isEqualTo(Long.MAX_VALUE);
  }

  private void write(String name, String text) {
    try (OutputFolder out = open(name)) {
      Files.writeString(out.file(name), text);
      out.commit();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private OutputFolder open(String name) {
    return new OutputFolder(folder, List.of(name), new OutputOptions());
  }
}
