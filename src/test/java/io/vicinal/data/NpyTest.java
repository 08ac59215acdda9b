package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f4.npy",
        "f8.npy",
        "version2.npy",
        "version3.npy",
        "fortran.npy",
        "big-endian.npy",
        "float16.npy"
      })
  void readsWhatNumpyWrote(String name) {
    Tensor tensor = Npy.read(Fixtures.file(name), arena);
    assertThat(tensor.shape()).isEqualTo(Shape.of(3, 4));
    assertThat(tensor.dtype())
        .isEqualTo(name.equals("f8.npy") || name.equals("fortran.npy") ? DType.F64 : DType.F32);
    assertThat(tensor.toDoubles()).isEqualTo(Fixtures.matrix());
  }

  @Test
  void readsIntegersScalarsAndEmptyArrays() {
    assertThat(Npy.read(Fixtures.file("i8.npy"), arena).toLongs())
        .containsExactly(-3, -2, -1, 0, 1, 2, 3);
    assertThat(Npy.read(Fixtures.file("scalar.npy"), arena).at(0)).isEqualTo(2.5);
    assertThat(Npy.read(Fixtures.file("empty.npy"), arena).shape()).isEqualTo(Shape.of(0, 4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"f4.npy", "f8.npy", "i8.npy", "scalar.npy", "empty.npy"})
  void writesTheBytesThatNumpyWrites(String name) throws IOException {
    Path copy = folder.resolve(name);
    Npy.write(copy, Npy.read(Fixtures.file(name), arena));
    // numpy pads the header for growth in the same 64-byte steps, but reserves digits; so compare
    // meaning, then data.
    Npy.Header ours = Npy.header(copy);
    Npy.Header theirs = Npy.header(Fixtures.file(name));
    assertThat(ours.descr()).isEqualTo(theirs.descr());
    assertThat(ours.shape()).isEqualTo(theirs.shape());
    assertThat(ours.dataOffset() % 64).isZero();
    byte[] mine = Files.readAllBytes(copy);
    byte[] data = Fixtures.bytes(name);
    assertThat(Arrays.copyOfRange(mine, (int) ours.dataOffset(), mine.length))
        .isEqualTo(Arrays.copyOfRange(data, (int) theirs.dataOffset(), data.length));
  }

  @Test
  void rowsAreWrittenOneByOneAsTheirMatrix() throws IOException {
    double[][] rows = {{1, Double.NaN}, {-1.0 / 3, Double.POSITIVE_INFINITY}, {0, 1e300}};
    Tensor matrix = arena.of(Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray(), 3, 2);
    Npy.write(folder.resolve("whole.npy"), matrix);
    Npy.writeRows(folder.resolve("rows.npy"), 3, 2, row -> rows[row]);
    assertThat(folder.resolve("rows.npy")).hasSameBinaryContentAs(folder.resolve("whole.npy"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text.npy|<U2",
        "structured.npy|structured",
        "unicode-field.npy|structured",
        "make.py|\\x93NUMPY"
      })
  void refusesWhatAreNoNumbersWithTheRemedy(String name, String expected) {
    refused(() -> Npy.read(Fixtures.file(name), arena), name, expected);
    assertThat(arena.bytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (12), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3.0, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').getcwd(), }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (3, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'shape': (3, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'x': 1, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } {}",
        "{'descr': '<f0', 'fortran_order': False, 'shape': (3, 4), }",
        "{'descr': '<f9999', 'fortran_order': False, 'shape': (3, 4), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3, 4), }",
        "{'descr': '<f4\\x00', 'fortran_order': False, 'shape': (3, 4), }",
        "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (6,), }",
        "{'descr",
        "",
        "[]",
        "{}"
      })
  void hostileHeadersAreOneSentence(String header) throws IOException {
    Path file = folder.resolve("hostile.npy");
    Files.write(file, npy(header, 48));
    refused(() -> Npy.read(file, arena), "hostile.npy: ", "; ")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(500));
    assertThat(arena.bytes()).isZero();
  }

  /** Python 2 on Windows wrote its long integers so; NumPy reads them. */
  @Test
  void lengthsOfPython2() throws IOException {
    Path file = folder.resolve("long.npy");
    Files.write(file, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }", 48));
    assertThat(Npy.header(file).shape()).isEqualTo(Shape.of(3, 4));
    Files.write(file, npy("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2, 2), }", 48));
    assertThatThrownBy(() -> Npy.header(file)).hasMessageContaining("reshape(len(a), -1)");
  }

  @Test
  void theSameHeaderIsFineWhenItIsTrue() throws IOException {
    Path file = folder.resolve("honest.npy");
    Files.write(file, npy("{\"shape\":(3,4),'fortran_order':False,'descr':'<f4'}\n", 48));
    assertThat(Npy.read(file, arena).shape()).isEqualTo(Shape.of(3, 4));
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = Fixtures.bytes("f4.npy");
    Path file = folder.resolve("cut.npy");
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      refused(() -> Npy.read(file, arena));
    }
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    refused(() -> Npy.read(file, arena), "1 bytes after");
    assertThat(arena.bytes()).isZero();
  }

  @Test
  void aHeaderLengthBeyondTheFileIsRefused() throws IOException {
    Path file = folder.resolve("long.npy");
    byte[] bytes = Fixtures.bytes("version2.npy");
    bytes[11] = (byte) 0xff; // the 32-bit length's highest byte
    Files.write(file, bytes);
    refused(() -> Npy.read(file, arena), "claims a header of ", "65536 are read at most");
  }

  @Test
  void filesThatAreNoFiles() {
    refused(() -> Npy.read(folder.resolve("none.npy"), arena), "does not exist");
    refused(() -> Npy.read(folder, arena), "folder");
    refused(() -> Npy.read(Path.of("/dev/zero"), arena), "regular");
    assertThatThrownBy(() -> Npy.read(folder.resolve("new\nline"), arena))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void readingLeavesNothingBehind() {
    long before = HostMemory.liveBytes();
    try (Arena own = Arena.host()) {
      ArrayFile.read(Fixtures.file("f8.npy"), own, DType.F32, note -> {});
    }
    assertThat(HostMemory.liveBytes()).isEqualTo(before);
  }

  /** A format 1.0 file with this header text and so many data bytes. */
  static byte[] npy(String header, int dataBytes) {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    byte[] bytes = new byte[10 + text.length + dataBytes];
    byte[] magic = {
      (byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length, (byte) (text.length >> 8)
    };
    System.arraycopy(magic, 0, bytes, 0, 10);
    System.arraycopy(text, 0, bytes, 10, text.length);
    return bytes;
  }
}
