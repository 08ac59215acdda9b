package io.vicinal.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finished pieces are found again by the same key only; results appear when all is done. */
class WorkFolderTest {
  @TempDir private Path folder;

  private int made;

  @Test
  void anInterruptedCallKeepsItsPiecesForTheSameKeyOnly() throws IOException {
    Path out = folder.resolve("a/b");
    try (WorkFolder work = work(out, key("5-26"))) {
      assertThat(piece(work, "one", 0.1)).isEqualTo(0.1);
      Files.writeString(work.file("result.txt"), "half");
    }
    assertThat(visible(out)).isEmpty();
    try (WorkFolder other = work(out, key("15-264"))) {
      assertThat(piece(other, "one", 0.2)).isEqualTo(0.2);
    }
    assertThat(made).isEqualTo(2);
    try (WorkFolder work = work(out, key("5-26"))) {
      assertThat(work.piece("two", Numbers.class, () -> null)).as("given up").isNull();
      assertThat(piece(work, "one", 9)).isEqualTo(0.1);
      Files.writeString(work.file("result.txt"), "whole");
      work.commit(List.of());
    }
    assertThat(made).isEqualTo(2);
    assertThat(out.resolve("result.txt")).hasContent("whole");
    try (WorkFolder again = work(out, key("5-26"))) {
      assertThat(piece(again, "one", 0.4)).as("done, so forgotten").isEqualTo(0.4);
    }
  }

  @Test
  void aFailureBeforeTheFirstPieceLeavesNothing() {
    Path out = folder.resolve("a/b");
    assertThatThrownBy(
            () -> {
              try (WorkFolder work = work(out, key("x"))) {
                Files.writeString(work.file("result.txt"), "half");
                throw new InputException("bad");
              }
            })
        .hasMessage("bad");
    assertThat(folder.resolve("a")).doesNotExist();
  }

  @Test
  void aDamagedPieceIsMadeAgain() throws IOException {
    try (WorkFolder work = work(folder, key("x"))) {
      piece(work, "one", 0.1);
    }
    Path numbers;
    try (Stream<Path> files = Files.walk(folder)) {
      numbers = files.filter(f -> f.toString().endsWith(".npy")).findFirst().orElseThrow();
    }
    Files.write(numbers, new byte[] {1, 2, 3});
    try (WorkFolder work = work(folder, key("x"))) {
      assertThat(piece(work, "one", 0.3)).isEqualTo(0.3);
    }
  }

  /** Pieces of another build are not read: neither under their key, nor without a component. */
  @Test
  void aPieceOfAnotherFormatIsMadeAgain() throws IOException {
    Key key = key("x");
    String plain = key.hash();
    try (WorkFolder work = work(folder, key)) {
      piece(work, "one", 0.1);
    }
    assertThat(key.hash()).as("holds the format").isNotEqualTo(plain);
    Path json;
    try (Stream<Path> files = Files.walk(folder)) {
      json = files.filter(f -> f.toString().endsWith("one.json")).findFirst().orElseThrow();
    }
    Files.writeString(json, "{}");
    try (WorkFolder work = work(folder, key("x"))) {
      assertThat(piece(work, "one", 0.3)).isEqualTo(0.3);
    }
  }

  /** What is read is written again as it was: whole numbers whole, fractions to the digit. */
  @Test
  void factsKeepTheirTypes() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("walks", 4);
    facts.put("change", List.of(0.1, 5.0, 1e-300));
    facts.put("status", "converged");
    facts.put("unknown", Double.NaN);
    facts.put("bound", Double.NEGATIVE_INFINITY);
    double[][] values = {{Double.NaN, 1.0 / 3}, {Double.POSITIVE_INFINITY, 0}};
    double[] row = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 0.1};
    Numbers read;
    try (WorkFolder work = work(folder, key("x"))) {
      work.piece("one", Numbers.class, () -> new Numbers(values, row, facts));
      read = work.piece("one", Numbers.class, () -> null);
    }
    assertThat(Arrays.deepToString(read.values())).isEqualTo(Arrays.deepToString(values));
    assertThat(read.row()).containsExactly(row);
    assertThat(read.facts()).containsEntry("bound", Double.NEGATIVE_INFINITY);
    assertThat(JsonFile.tree(new ArrayList<>(read.facts().values())))
        .isEqualTo(JsonFile.tree(new ArrayList<>(facts.values())));
  }

  @Test
  void twoAtTheSameWorkAreOneTooMany() {
    try (WorkFolder work = work(folder, key("x"))) {
      assertThatThrownBy(() -> work(folder, key("x")))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("another process");
      work(folder, key("y")).close();
      assertThat(piece(work, "one", 0.1)).isEqualTo(0.1);
    }
  }

  @Test
  void keysDoNotRunTogether() {
    assertThat(new Key().add("a", "1").add("b", "2").hash())
        .isNotEqualTo(new Key().add("a", "1b=1:2").hash())
        .isNotEqualTo(new Key().add("a", "12").add("b", "").hash())
        .isEqualTo(new Key().add("a", 1).add("b", 2).hash());
  }

  record Numbers(double[][] values, double[] row, Map<String, Object> facts) {}

  private double piece(WorkFolder work, String name, double value) {
    return work.piece(
            name,
            Numbers.class,
            () -> {
              made++;
              return new Numbers(new double[][] {{value}}, new double[0], Map.of());
            })
        .values()[0][0];
  }

  private static WorkFolder work(Path out, Key key) {
    return new WorkFolder(out, key, List.of("result.txt"), new OutputOptions());
  }

  private static Key key(String pair) {
    return new Key().add("pair", pair);
  }

  private static List<Path> visible(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> !f.getFileName().toString().startsWith(".")).toList();
    }
  }
}
