package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LabelsTest {
  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();
  private final List<String> notes = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(strings = {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"})
  void everyIntegerType(String type) {
    var labels = Labels.read(Fixtures.file("labels-" + type + ".npy"), arena);
    assertThat(labels.dtype()).isEqualTo(DType.I64);
    assertThat(labels.toLongs()).containsExactly(0, 7, 100, 3, 127);
  }

  @Test
  void unsignedBytesAreNotNegative() {
    assertThat(Labels.read(Fixtures.file("labels-u1-high.npy"), arena).toLongs())
        .containsExactly(200, 255);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "labels-negative.npy|label -1 at position 2",
        "labels-u8-huge.npy|9223372036854775813",
        "labels-half.npy|label 1.5 at position 1 is no whole number",
        "labels-matrix.npy|.reshape(-1)",
        "labels-object.npy|np.save('labels.npy', labels.astype(str))",
        "times.npy|np.save('labels.npy', labels.astype(str))",
        "bool.npy|[3, 4]",
        "scalar.npy|is a single number"
      })
  void refusals(String name, String expected) {
    refused(() -> Labels.read(Fixtures.file(name), arena), name, expected);
  }

  @Test
  void emptyVectorsAreRefused() throws IOException {
    Path file = folder.resolve("none.npy");
    Files.write(file, NpyTest.npy("{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }", 0));
    refused(() -> Labels.read(file, arena), "no labels");
  }

  @Test
  void moreThanOnePiece() throws IOException {
    int n = 70_001;
    byte[] bytes =
        NpyTest.npy("{'descr': '<i2', 'fortran_order': False, 'shape': (" + n + ",), }", 2 * n);
    ByteBuffer data =
        ByteBuffer.wrap(bytes, bytes.length - 2 * n, 2 * n).slice().order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      data.putShort(2 * i, (short) (i % 30_000));
    }
    Path file = folder.resolve("many.npy");
    Files.write(file, bytes);
    long[] labels = Labels.read(file, arena).toLongs();
    assertThat(labels).hasSize(n);
    for (int i = 0; i < n; i++) {
      assertThat(labels[i]).isEqualTo(i % 30_000);
    }
  }

  private Labels read(Path path, Names known) {
    return Labels.read(path, arena, known, notes::add);
  }

  private Path text(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void wholeFloatsAndColumns() {
    assertThat(Labels.read(Fixtures.file("labels-float.npy"), arena).toLongs())
        .containsExactly(0, 1);
    assertThat(Labels.read(Fixtures.file("labels-column.npy"), arena).toLongs())
        .containsExactly(3, 1, 2);
    Path member = Path.of(Fixtures.file("stored.npz") + ":y");
    assertThat(Labels.read(member, arena).toLongs()).containsExactly(2, 0, 1);
    Path ids = Path.of(Fixtures.file("three.safetensors") + ":ids");
    assertThat(Labels.read(ids, arena).toLongs()).containsExactly(1, 2, 3);
  }

  @Test
  void textsAreClassesInTheOrderOfTheirNames() {
    Labels labels = read(Fixtures.file("labels-text.npy"), Names.none());
    assertThat(labels.ids().toLongs()).containsExactly(1, 0, 2, 0);
    assertThat(labels.classes().list()).containsExactly("cat", "dog", "na\u00efve, \ud83d\ude00");
    assertThat(notes).isEmpty(); // whoever decides on the classes tells it, once
    assertThat(read(Fixtures.file("labels-text.npy"), Names.none()).told())
        .startsWith("3 classes in the order of their names: cat, dog, na");
    Labels bytes = read(Fixtures.file("labels-bytes.npy"), Names.none());
    assertThat(bytes.ids().toLongs()).containsExactly(1, 0, 1);
  }

  /** Texts that cannot be read would be one class: that of the question marks. */
  @Test
  void textsInOtherEncodingsAreRefusedAndMissingOnesAreSaid() throws IOException {
    byte[] latin = NpyTest.npy("{'descr': '|S1', 'fortran_order': False, 'shape': (2,), }", 2);
    latin[latin.length - 2] = (byte) 0xe4;
    latin[latin.length - 1] = (byte) 0xf6;
    Path bytes = Files.write(folder.resolve("latin.npy"), latin);
    assertThatThrownBy(() -> read(bytes, Names.none()))
        .hasMessageContaining("latin.npy: the text at position 0 is not in UTF-8")
        .hasMessageContaining("np.char.decode(a, 'latin-1')");
    byte[] half = NpyTest.npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", 4);
    half[half.length - 3] = (byte) 0xd8;
    half[half.length - 2] = 0;
    Path surrogate = Files.write(folder.resolve("half.npy"), half);
    assertThatThrownBy(() -> read(surrogate, Names.none())).hasMessageContaining("position 0");
    byte[] days = NpyTest.npy("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (2,), }", 16);
    Path dates = Files.write(folder.resolve("days.npy"), days);
    assertThatThrownBy(() -> read(dates, Names.none())).hasMessageContaining("labels.astype(str)");
    assertThat(read(text("gone.txt", "a\nnan\nNone\n"), Names.none()).classes().list()).hasSize(3);
    assertThat(notes).singleElement().asString().contains("2 labels are words such as 'nan'");
  }

  @Test
  void knownClassesKeepTheirIdsAndOthersFollow() {
    Labels labels = read(Fixtures.file("labels-text.npy"), Names.of(List.of("zebra", "dog")));
    assertThat(labels.ids().toLongs()).containsExactly(1, 2, 3, 2);
    assertThat(labels.classes().list())
        .containsExactly("zebra", "dog", "cat", "na\u00efve, \ud83d\ude00");
    assertThat(notes).singleElement().asString().contains("2 more classes").contains("cat, na");
  }

  @Test
  void columnsOfTables() throws IOException {
    text("t.csv", "id,species,code\n7,\"a,b\",3\n8,c,1\n9,\"a,b\",3\n");
    Labels names = read(folder.resolve("t.csv:species"), Names.none());
    assertThat(names.ids().toLongs()).containsExactly(0, 1, 0);
    assertThat(names.classes().list()).containsExactly("a,b", "c");
    assertThat(read(folder.resolve("t.csv:code"), Names.none()).ids().toLongs())
        .containsExactly(3, 1, 3);
    assertThat(read(folder.resolve("t.csv:1"), Names.none()).classes().list())
        .as("a word above a number in another column: the first line names them all")
        .containsExactly("a,b", "c");
    text("bare.csv", "a,1.5\nb,2.5\n");
    assertThat(read(folder.resolve("bare.csv:0"), Names.none()).classes().list())
        .containsExactly("a", "b");
    assertThat(read(text("y.csv", "label\n2\n0\n"), Names.none()).ids().toLongs())
        .containsExactly(2, 0);
    assertThat(read(text("y.txt", "2.0\n0.0\n"), Names.none()).ids().toLongs())
        .containsExactly(2, 0);
    assertThat(read(text("n.txt", "10\n9\nx y\n"), Names.none()).classes().list())
        .containsExactly("10", "9", "x y");
    assertThatThrownBy(() -> read(folder.resolve("t.csv"), Names.none()))
        .hasMessageContaining("has 3 columns; name one, such as t.csv:id");
    assertThatThrownBy(() -> read(text("gap.txt", "a\n\nb\n"), Names.none()))
        .hasMessageContaining("position 1 is empty");
    assertThatThrownBy(() -> read(text("minus.txt", "0\n-1\n"), Names.none()))
        .hasMessageContaining("label -1.0 at position 1 is negative");
  }

  @Test
  void theAdviceForWrongNumbersNumbersThemAnew() {
    assertThatThrownBy(() -> Labels.read(Fixtures.file("labels-negative.npy"), arena))
        .hasMessageContaining("np.unique(labels, return_inverse=True)[1]");
  }
}
