package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays as people have them, whatever file they are in. */
class ArrayFileTest {
  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();
  private final List<String> notes = new ArrayList<>();

  private static Path fixture(String name) {
    int colon = name.indexOf(':');
    return colon < 0
        ? Fixtures.file(name)
        : Path.of(Fixtures.file(name.substring(0, colon)) + name.substring(colon));
  }

  private Tensor read(Path path, DType type) {
    return ArrayFile.read(path, arena, type, notes::add);
  }

  private Path text(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void aNumberThatFloat32CannotHoldIsNamed() {
    Path path = folder.resolve("x.npy");
    Npy.write(path, arena.of(new double[] {1, 2, 3, -1e300}, 2, 2));
    assertThatThrownBy(() -> read(path, DType.F32))
        .hasMessageContaining("-1.0E300 at [1, 1] is too large for float32");
    Npy.write(path, arena.of(new double[] {1, Double.NEGATIVE_INFINITY}, 1, 2));
    assertThat(read(path, DType.F32).at(1)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f4.npy",
        "f8.npy",
        "fortran.npy",
        "big-endian.npy",
        "float16.npy",
        "stored.npz:x",
        "stored.npz:x.npy",
        "deflated.npz:columns",
        "deflated.npz:a/b",
        "one.npz",
        "bfloat16.safetensors",
        "float16.safetensors:h",
        "three.safetensors:weight"
      })
  void everyWayToStoreAMatrix(String name) {
    assertThat(ArrayFile.shape(fixture(name))).isEqualTo(Shape.of(3, 4));
    for (DType type : new DType[] {DType.F32, DType.F64}) {
      Tensor tensor = read(fixture(name), type);
      assertThat(tensor.dtype()).isEqualTo(type);
      assertThat(tensor.shape()).isEqualTo(Shape.of(3, 4));
      assertThat(tensor.toDoubles()).isEqualTo(Fixtures.matrix());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"})
  void integersAreNumbers(String type) {
    Path path = Fixtures.file("labels-" + type + ".npy");
    assertThat(read(path, DType.F32).toDoubles()).containsExactly(0, 7, 100, 3, 127);
    assertThat(notes).singleElement().asString().contains("int").contains("read as float32");
    boolean small = type.charAt(1) < '4';
    assertThat(read(path, null).dtype()).isEqualTo(small ? DType.F32 : DType.F64);
  }

  @Test
  void integersBeyondWhatATypeHoldsAreRounded() {
    assertThat(read(Fixtures.file("u8-large.npy"), DType.F64).toDoubles())
        .containsExactly(0x1p64, 3);
    assertThat(read(Fixtures.file("u8-large.npy"), DType.F32).toDoubles())
        .containsExactly(0x1p64, 3);
    assertThat(read(Fixtures.file("i8-large.npy"), DType.F32).toDoubles())
        .containsExactly(0x1p53, 0x1p24);
    assertThat(notes.get(notes.size() - 1)).contains("exact up to 16777216");
  }

  @Test
  void halves() {
    assertThat(read(Fixtures.file("halves.npy"), DType.F32).toFloats())
        .containsExactly(
            0f,
            0x1p-24f,
            0.333251953125f,
            65504f,
            Float.POSITIVE_INFINITY,
            Float.NaN,
            -0x1p-14f,
            -0f);
  }

  @Test
  void boolsAreZeroAndOne() {
    assertThat(read(Fixtures.file("bool.npy"), DType.F32).toDoubles())
        .containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
  }

  @Test
  void columnsLargerThanABlockAreTransposed() throws IOException {
    int n = 5000;
    int d = 1100; // more than one block of rows
    byte[] header =
        NpyTest.npy(
            "{'descr': '|u1', 'fortran_order': True, 'shape': (" + n + ", " + d + "), }", n * d);
    byte[] data = new byte[n * d];
    new Random(4).nextBytes(data);
    System.arraycopy(data, 0, header, header.length - data.length, data.length);
    Path file = Files.write(folder.resolve("columns.npy"), header);
    float[] read = read(file, DType.F32).toFloats();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j += 13) {
        assertThat(read[i * d + j]).isEqualTo(data[j * n + i] & 0xff);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text.npy|np.save('numbers.npy', a.astype('<f4'))",
        "labels-object.npy|pickle, which is never read; save plain numbers",
        "complex.npy|np.abs(a)",
        "times.npy|a.astype('<i8')",
        "longdouble.npy|a.astype('<f8')",
        "structured.npy|structured",
        "stored.npz|holds 2 arrays: x, y; name one, such as stored.npz:x",
        "stored.npz:z|has no array 'z': x, y",
        "f4.npy:x|leave out :x",
        "three.safetensors|holds 3 arrays",
        "three.safetensors:none|has no such array, but",
        "none.npz:x|does not exist",
      })
  void whatHasNoMeaningAsNumbersIsRefusedWithARemedy(String name, String expected) {
    Path path = name.startsWith("none") ? folder.resolve(name) : fixture(name);
    refused(() -> read(path, DType.F32), expected);
    assertThat(arena.bytes()).isZero();
  }

  @Test
  void damagedArchivesAreOneSentence() throws IOException {
    byte[] whole = Fixtures.bytes("deflated.npz");
    Path file = folder.resolve("x.npz");
    Random random = new Random(1);
    for (int i = 0; i < 300; i++) {
      byte[] bytes = whole.clone();
      for (int k = 0; k < 3; k++) {
        bytes[4 + random.nextInt(bytes.length - 4)] = (byte) random.nextInt(256);
      }
      Files.write(file, bytes);
      try (Arena own = Arena.host()) {
        ArrayFile.read(Path.of(file + ":columns"), own, DType.F32, note -> {});
      } catch (InputException e) {
        assertThat(e.getMessage()).contains("x.npz").doesNotContain("\n");
      }
    }
  }

  /** As numpy.load does, which Java's own ZipFile does not. */
  @Test
  void aChangedBitInAStoredMemberIsSeen() throws IOException {
    byte[] bytes = Fixtures.bytes("one.npz");
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    bytes[text.indexOf('\n', text.indexOf("NUMPY")) + 3] ^= 1;
    Path file = Files.write(folder.resolve("bit.npz"), bytes);
    refused(() -> read(file, DType.F64), "bit.npz", "checksum");
  }

  @Test
  void aMemberThatClaimsMoreThanDeflateCanHoldIsRefused() throws IOException {
    Path file = folder.resolve("bomb.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("x.npy"));
      zip.write(
          NpyTest.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 1000), }", 100));
      zip.closeEntry();
    }
    refused(() -> read(file, DType.F32), "truncated");
    byte[] bytes = Files.readAllBytes(file);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      int directory = bytes.length;
      while (!(bytes[directory - 4] == 'P'
          && bytes[directory - 3] == 'K'
          && bytes[directory - 2] == 1)) {
        directory--;
      }
      out.seek(directory - 4 + 24); // the central directory's uncompressed size
      out.write(new byte[] {0, 0, 0, 0x7f});
    }
    refused(() -> read(file, DType.F32), "claims a member of");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1,2.5,-3e2\n4,5,6\n",
        "a,b,c\n1,2.5,-3e2\n4,5,6",
        "\uFEFF\"a\",b,\"c\"\"d\"\r\n1,2.5,-3e2\r\n\r\n4,5,6\r\n",
        "1;2.5;-3e2\n4;5;6\n",
        "1\t2.5\t-3e2\n4\t5\t6\n",
        " 1 , \"2.5\" , -3e2 \n4,5,6\n"
      })
  void tablesOfNumbers(String table) throws IOException {
    Path file = text("x.csv", table);
    assertThat(ArrayFile.shape(file)).isEqualTo(Shape.of(2, 3));
    assertThat(read(file, DType.F32).toDoubles()).containsExactly(1, 2.5, -300, 4, 5, 6);
    assertThat(notes).singleElement().asString().contains("x.csv: a table of 2 rows of 3 numbers");
  }

  @Test
  void numbersApartBySpaces() throws IOException {
    Path file = text("x.txt", "1.0e+00 2.5e+00\n -3.0e+00   4.0e+00\n");
    assertThat(read(file, null).toDoubles()).containsExactly(1, 2.5, -3, 4);
  }

  /** The look at a cell and Java's parser agree on what the parser takes for a decimal number. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0", "-1", "+1.5", "1.", ".5", "-.5e-3", "1e5", "1E+05", "007", "1e400", "", ".", "-", "e5",
        "1e", "1e+", "1.2.3", "1 2", "1-2", "--1", "1e5.0", "0x1", "0x1p3", "1f", "1d", "1_0", "١",
        "+.", ".e1", "abc1", "1,5"
      })
  void whatANumberIs(String cell) {
    boolean java;
    try {
      Double.parseDouble(cell);
      java = !cell.matches(".*[xXfFdD].*");
    } catch (NumberFormatException e) {
      java = false;
    }
    assertThat(NumberText.isNumber(cell)).isEqualTo(java);
    if (java) {
      assertThat(NumberText.parsed(cell)).isEqualTo(Double.parseDouble(cell));
    }
  }

  @Test
  void someColumnsOfATable() throws IOException {
    text("iris.csv", "id,\"width, cm\",species,length\n7,1,setosa,2\n8,3,virginica,4\n");
    assertThat(read(folder.resolve("iris.csv:length,id"), DType.F64).toDoubles())
        .containsExactly(2, 7, 4, 8);
    assertThat(read(folder.resolve("iris.csv:3,1"), DType.F64).toDoubles())
        .containsExactly(2, 1, 4, 3);
    text("keys.csv", "PK,x\n7,1\n8,3\n"); // as a ZIP archive begins
    assertThat(read(folder.resolve("keys.csv:x"), DType.F64).toDoubles()).containsExactly(1, 3);
    assertThatThrownBy(() -> read(folder.resolve("iris.csv:1..length,id"), DType.F64))
        .hasMessageContaining("line 2 has 'setosa' in column 'species'")
        .hasMessageContaining("leave that column out: iris.csv:1,length,id");
    assertThatThrownBy(() -> read(folder.resolve("iris.csv:length..id"), DType.F64))
        .hasMessageContaining("'length..id' runs backwards; name the first column first");
    assertThatThrownBy(() -> read(folder.resolve("iris.csv:height"), DType.F64))
        .hasMessageContaining(
            "has no column 'height'; its first line is: id, \"width, cm\", species");
  }

  /** What {@code DataFrame.to_csv} writes of an array, with the index and without. */
  @Test
  void pandasNumbersRowsAndColumns() throws IOException {
    String rows = "#0.5,2,1\n#2.5,4,1\n";
    for (String header : List.of(",0,1,2", "0,1,2", ",a,b,2")) {
      boolean index = header.startsWith(",");
      String[] row = rows.split("#");
      Path file =
          text(
              "p.csv", header + "\n" + (index ? "0," : "") + row[1] + (index ? "1," : "") + row[2]);
      Path last = folder.resolve("p.csv:2");
      assertThat(ArrayFile.read(file, arena, DType.F64, notes::add, last).toDoubles())
          .containsExactly(0.5, 2, 2.5, 4);
      assertThat(Labels.read(last, arena).toLongs()).containsExactly(1, 1);
    }
    assertThat(notes.get(0)).endsWith("without its columns 0, 2");
    assertThat(ArrayFile.shape(text("whole.csv", "0,1,2\n3,4,5\n"))).isEqualTo(Shape.of(2, 3));
    assertThat(Labels.read(folder.resolve("whole.csv:0"), arena).toLongs()).containsExactly(0, 3);
  }

  /** One table with everything: what is read beside the features is none of them. */
  @Test
  void columnsOfTextsAndOfLabelsAreNoFeatures() throws IOException {
    Path table = text("t.csv", "name,code,a,kind,b\nitem 1,7,1,cat,2\nitem 2,8,3,dog,4\n");
    Path code = folder.resolve("t.csv:code");
    assertThat(ArrayFile.shape(table, code, null)).isEqualTo(Shape.of(2, 2));
    assertThat(ArrayFile.read(table, arena, DType.F64, notes::add, null, code).toDoubles())
        .containsExactly(1, 2, 3, 4);
    assertThat(notes).singleElement().asString().endsWith("without its columns name, code, kind");
    assertThat(read(table, DType.F64).toDoubles()).containsExactly(7, 1, 2, 8, 3, 4);
    Path bare = text("bare.csv", "item 1,1,cat,2\nitem 2,3,dog,4\n");
    assertThat(read(bare, DType.F64).toDoubles()).containsExactly(1, 2, 3, 4);
    // One wrong cell does not make a text of a column, nor does a decimal comma.
    for (String cells : List.of("a,b\n1,x\n2,3\n4,5\n", "a;b\n1;1,5\n2;2,5\n4;3,5\n")) {
      notes.clear();
      assertThatThrownBy(() -> read(text("wrong.csv", cells), DType.F64))
          .hasMessageContaining("wrong.csv: line 2 has '")
          .hasMessageContaining("in column 'b'");
      assertThat(notes).isEmpty();
    }
    assertThatThrownBy(() -> read(text("words.csv", "a,b\nc,d\n"), DType.F64))
        .hasMessageContaining("words.csv: has no column of numbers");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1,2#3|line 2 has 1 cells where the first has 2",
        "1,2#3,|line 2 has nothing in column 1",
        "1;2#3;4,5|write decimal points",
        "1,5;2#3;4|line 1 has '1,5' in column 0; write decimal points",
        "1,2#3,0x1p3|line 2 has '0x1p3'",
        "1,2#3,1f|line 2 has '1f'",
        "a,b|has names of columns and no row",
        "''|is empty",
        "1,1e300|line 1 has 1.0E300 in column 1, too large for float32; scale the numbers down",
        "a,b,n#1,2,x#3,,y|line 3 has nothing in column 'b'",
        "a,b,n#1,2,x#3,z,y|line 3 has 'z' in column 'b'",
        "1,\"2|a quote that is never closed",
        "sep=;#1,2#3,4|remove the first line, which is no row",
        "\"1,000\",2#3,4|write decimal points, and nothing between thousands",
      })
  void tablesThatAreNone(String table, String expected) throws IOException {
    Path file = text("x.csv", table.replace('#', '\n'));
    refused(() -> read(file, DType.F32), "x.csv", expected);
  }

  @Test
  void otherFilesAreNamed() throws IOException {
    Path pickle = Files.write(folder.resolve("x.pkl"), new byte[] {(byte) 0x80, 4, 1, 2});
    assertThatThrownBy(() -> read(pickle, DType.F32)).hasMessageContaining("never read");
    Path latin = Files.write(folder.resolve("l.csv"), new byte[] {'1', ',', (byte) 0xe9, '\n'});
    assertThatThrownBy(() -> read(latin, DType.F32)).hasMessageContaining("UTF-8");
    byte[] start = {0x1f, (byte) 0x8b, 8, 0};
    for (String name : List.of("x.csv", "x.npy", "x.safetensors", "x.npy.gz")) {
      Path packed = Files.write(folder.resolve(name), start);
      assertThatThrownBy(() -> read(packed, DType.F32))
          .hasMessageEndingWith(name + ": is packed with gzip; unpack it first: gzip -d");
    }
    Path pointer = text("p.npy", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    assertThatThrownBy(() -> read(pointer, DType.F32)).hasMessageContaining("git lfs pull");
    Path page = text("p.csv", "\n<!DOCTYPE html>\n");
    assertThatThrownBy(() -> read(page, DType.F32)).hasMessageContaining("web page");
    Path parquet = text("x.parquet", "PAR1....");
    assertThatThrownBy(() -> read(parquet, DType.F32)).hasMessageContaining("Parquet");
  }

  @Test
  void aNameWithAColonIsAFileFirst() throws IOException {
    Path file = folder.resolve("a:b.npy");
    Files.write(file, Fixtures.bytes("f4.npy"));
    assertThat(read(file, DType.F32).toDoubles()).isEqualTo(Fixtures.matrix());
  }

  /** Sparse files of 1.1 GiB, of which nothing is read but what decides. */
  @Test
  void aLargeMatrixThatIsStoredAsInMemoryIsMappedAndAnotherIsSaidToBeRead() throws IOException {
    Path file = sparse("aligned.npy", 128);
    Tensor mapped = ArrayFile.mapLarge(file, arena, DType.F32, notes::add);
    assertThat(mapped.shape()).isEqualTo(Shape.of(2900, 100_000));
    assertThat(arena.bytes()).isZero();
    assertThat(notes).isEmpty();
    assertThat(mapped.at(2900L * 100_000 - 1)).isEqualTo(7);
    Tensor asStored = ArrayFile.mapLarge(file, arena, null, notes::add);
    assertThat(asStored.dtype()).isEqualTo(DType.F32);
    assertThat(arena.bytes()).as("mapped too").isZero();
  }

  @ParameterizedTest
  @CsvSource({"float16.npy,F32", "labels-u1.npy,F32", "f4.npy,F32", "f8.npy,F64"})
  void withoutATypeALargeMatrixGetsTheOneThatReadingGivesIt(String name, DType type) {
    Path file = Fixtures.file(name);
    Tensor mapped = ArrayFile.mapLarge(file, arena, null, notes::add);
    assertThat(mapped.dtype()).isEqualTo(type);
    assertThat(mapped.toDoubles()).isEqualTo(read(file, null).toDoubles());
  }

  @Test
  void elementsAtAnOddByteAreCopied() throws IOException {
    byte[] bytes =
        NpyTest.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), } \n", 24);
    while ((bytes.length - 24) % 4 == 0) {
      bytes = NpyTest.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }  \n", 24);
    }
    bytes[bytes.length - 1] = 0x40; // 2.0
    Path file = Files.write(folder.resolve("odd.npy"), bytes);
    assertThat(ArrayFile.mapLarge(file, arena, DType.F32, notes::add, 1).toDoubles())
        .containsExactly(0, 0, 0, 0, 0, 2);
    assertThat(notes).singleElement().asString().contains("odd.npy: takes 0 MiB of memory");
  }

  @Test
  void floatsOfAWantedType() {
    Tensor wide = read(Fixtures.file("f4.npy"), DType.F64);
    assertThat(wide.dtype()).isEqualTo(DType.F64);
    assertThat(wide.toDoubles()).isEqualTo(Fixtures.matrix());
    assertThat(read(Fixtures.file("f8.npy"), DType.F32).dtype()).isEqualTo(DType.F32);
    assertThat(read(Fixtures.file("i8.npy"), DType.F32).toDoubles())
        .containsExactly(-3, -2, -1, 0, 1, 2, 3);
    assertThat(read(Fixtures.file("float16.npy"), DType.F64).toDoubles())
        .isEqualTo(Fixtures.matrix());
  }

  private Path sparse(String name, int offset) throws IOException {
    String dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2900, 100000), }";
    byte[] start = NpyTest.npy(dict + " ".repeat(offset - 10 - dict.length()), 0);
    Path file = folder.resolve(name);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(start);
      out.setLength(start.length + 4L * 2900 * 100_000);
      out.seek(out.length() - 4);
      out.write(new byte[] {0, 0, (byte) 0xe0, 0x40}); // 7
    }
    return file;
  }
}
