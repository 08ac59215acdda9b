package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Matrices that stay in their files. */
class MappedFileTest {
  @TempDir Path folder;

  private Path file(DType type, int rows, int columns) {
    Path path = folder.resolve("x.npy");
    try (Arena arena = Arena.host()) {
      Tensor x = arena.allocate(type, rows, columns);
      double[] values = new double[rows * columns];
      Arrays.setAll(values, i -> i % 1000 - 3.5);
      x.set(values);
      Npy.write(path, x);
    }
    return path;
  }

  private static Tensor mapped(Path path, Arena arena) {
    return ArrayFile.mapLarge(path, arena, null, note -> {}, 1);
  }

  private static boolean isMapped(Path path) throws IOException {
    return Files.readString(Path.of("/proc/self/maps")).contains(path.toString());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void holdsWhatReadReads(DType type) throws IOException {
    Path path = file(type, 700, 9);
    long live = HostMemory.liveBytes();
    Tensor kept;
    try (Arena arena = Arena.host();
        Arena other = Arena.host()) {
      Tensor x = mapped(path, arena);
      kept = x;
      assertThat(HostMemory.liveBytes()).isEqualTo(live);
      assertThat(arena.bytes()).isZero();
      assertThat(isMapped(path)).isTrue();
      assertThat(x.dtype()).isEqualTo(type);
      assertThat(x.shape().dims()).containsExactly(700, 9);
      assertThat(x.toDoubles()).isEqualTo(Npy.read(path, other).toDoubles());
      assertThat(x.rows(699, 700).at(8)).isEqualTo((700 * 9 - 1) % 1000 - 3.5);
    }
    assertThat(isMapped(path)).isFalse();
    assertThatThrownBy(kept::address).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> kept.at(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void isAnInputLikeAnyOther() {
    Path path = file(DType.F32, 300, 4);
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor x = mapped(path, arena);
      Tensor w = arena.of(new float[] {1, 0, 0, 0, 0, 0, 0, 2}, 2, 4);
      Tensor z = arena.allocate(DType.F32, 300, 2);
      backend.embed(x, new HeadTensors(w, null, null), z);
      assertThat(z.at(2 * 7)).isEqualTo(28 - 3.5);
      assertThat(z.at(2 * 7 + 1)).isEqualTo(2 * (31 - 3.5));
    }
  }

  @Test
  void aWriteChangesACopyAndAResetEndsTheMapping() throws IOException {
    Path path = file(DType.F64, 3, 2);
    byte[] before = Files.readAllBytes(path);
    try (Arena arena = Arena.host()) {
      Tensor x = mapped(path, arena);
      x.set(new double[] {9, 9, 9, 9, 9, 9});
      assertThat(x.at(5)).isEqualTo(9);
      assertThat(Files.readAllBytes(path)).isEqualTo(before);
      arena.reset();
      assertThat(isMapped(path)).isFalse();
      assertThatThrownBy(x::address).isInstanceOf(IllegalStateException.class);
    }
  }

  private void refusedFile(Path path, String text) {
    try (Arena arena = Arena.host()) {
      refused(() -> mapped(path, arena), text).hasMessageStartingWith(path + ": ");
    }
  }

  @Test
  void refusesWhatIsNoWholeMatrixOfNumbers() throws IOException {
    refusedFile(folder.resolve("none.npy"), "does not exist");
    Path path = file(DType.F32, 50, 3);
    byte[] whole = Files.readAllBytes(path);
    Files.write(path, Arrays.copyOf(whole, whole.length - 1));
    refusedFile(path, "is truncated");
    Files.write(path, new byte[] {1, 2, 3});
    refusedFile(path, "is not a .npy file");
    try (Arena arena = Arena.host()) {
      Npy.write(path, arena.of(new long[] {1, 2}, 2, 1));
      isRead(path, 1, 2);
      Npy.write(path, arena.of(new float[] {1, 2}, 2));
      isRead(path, 1, 2);
    }
  }

  private static void isRead(Path path, double... values) throws IOException {
    try (Arena arena = Arena.host()) {
      assertThat(mapped(path, arena).toDoubles()).startsWith(values);
      assertThat(isMapped(path)).isFalse();
    }
  }

  @Test
  void readsWhatLiesOtherwiseThanInMemory() throws IOException {
    Path path = file(DType.F32, 50, 3);
    String whole = Files.readString(path, StandardCharsets.ISO_8859_1);
    Files.writeString(path, whole.replaceFirst("False, ", "True,  "), StandardCharsets.ISO_8859_1);
    isRead(path, -3.5, 46.5);
    char longer = (char) (whole.charAt(8) + 1); // of the header, which ends with a line feed
    Files.writeString(
        path,
        whole.substring(0, 8) + longer + whole.substring(9).replaceFirst("\n", " \n"),
        StandardCharsets.ISO_8859_1);
    isRead(path, -3.5, -2.5);
    assertThat(Npy.header(path).dataOffset() % 4).isEqualTo(1);
  }

  @Test
  void refusesAFileThatWasCutBetweenItsHeaderAndTheMapping() throws IOException {
    Path path = file(DType.F32, 5000, 3);
    Npy.Header header = Npy.header(path);
    Files.write(path, Arrays.copyOf(Files.readAllBytes(path), 4096));
    try (Arena arena = Arena.host()) {
      refused(
          () -> MappedFile.map(path, header.dataOffset(), DType.F32, header.shape(), arena),
          "has 4096 bytes where 60000 are expected",
          "truncated");
    }
  }
}
