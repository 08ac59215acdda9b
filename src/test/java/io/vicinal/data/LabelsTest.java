package io.vicinal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LabelsTest {
  @TempDir Path folder;
  private final Arena arena = Arena.host();

  @AfterEach
  void free() {
    arena.close();
  }

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
        "labels-float.npy|.astype('<i8')",
        "labels-matrix.npy|.reshape(-1)",
        "bool.npy|integers"
      })
  void refusals(String name, String expected) {
    assertThatThrownBy(() -> Labels.read(Fixtures.file(name), arena))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(expected);
  }

  @Test
  void emptyVectorsAreRefused() throws IOException {
    Path file = folder.resolve("none.npy");
    Files.write(file, NpyTest.npy("{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }", 0));
    assertThatThrownBy(() -> Labels.read(file, arena))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no labels");
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
}
