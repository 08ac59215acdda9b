package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowsTest {
  private static float[] numbers(int count) {
    float[] values = new float[count];
    IntStream.range(0, count).forEach(i -> values[i] = i * 0.5f - 3);
    return values;
  }

  private static FloatBuffer direct(float[] values, ByteOrder order) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(4 * (values.length + 2)).order(order).asFloatBuffer();
    buffer.put(-1).put(values).put(-1);
    return buffer.position(1).limit(values.length + 1);
  }

  /** Widths below, at and above the number of values that one copy takes. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 65536, 70000})
  void everySourceGivesTheSameTensor(int width) {
    int count = Math.max(2, 140_001 / width);
    float[] values = numbers(count * width);
    float[][] matrix = new float[count][];
    Arrays.setAll(matrix, i -> Arrays.copyOfRange(values, i * width, (i + 1) * width));
    FloatBuffer heap = FloatBuffer.wrap(values).asReadOnlyBuffer();
    FloatBuffer big = direct(values, ByteOrder.BIG_ENDIAN);
    try (Arena arena = Arena.host()) {
      for (Rows rows :
          List.of(
              Rows.of(matrix),
              Rows.of(values, width),
              Rows.of(heap, width),
              Rows.of(direct(values, ByteOrder.nativeOrder()), width),
              Rows.of(big, width))) {
        Tensor tensor = rows.to(arena);
        assertThat(tensor.shape().dims()).containsExactly(count, width);
        assertThat(Arrays.equals(tensor.toFloats(), values)).isTrue();
        Tensor part = arena.allocate(DType.F64, 1, width);
        rows.copy(1, part);
        assertThat(part.toFloats()).containsExactly(matrix[1]);
      }
      assertThat(big.position()).isEqualTo(1);
      assertThat(heap.position()).isZero();
    }
  }

  @Test
  void tensorsGoIntoBuffersOfEveryKind() {
    float[] values = numbers(70_000);
    try (Arena arena = Arena.host()) {
      for (DType type : List.of(DType.F32, DType.F64)) {
        Tensor tensor = arena.allocate(type, 70_000);
        tensor.set(FloatBuffer.wrap(values));
        for (FloatBuffer out :
            List.of(FloatBuffer.allocate(70_001), direct(numbers(70_001), ByteOrder.BIG_ENDIAN))) {
          int from = out.position();
          tensor.get(out);
          assertThat(out.position()).isEqualTo(from + 70_000);
          float[] read = new float[70_000];
          out.position(from).get(read);
          assertThat(Arrays.equals(read, values)).isTrue();
        }
        refused(
            () -> tensor.get(FloatBuffer.allocate(69_999)),
            "room for 69999 numbers is too small for shape [70000]");
        refused(
            () -> tensor.set(FloatBuffer.allocate(69_999)),
            "69999 values do not fill shape [70000]");
      }
    }
  }

  @Test
  void whatIsNoMatrixIsRefused() {
    refusedAt(() -> Rows.of(new float[0][]), "features: [0, 0] is empty");
    refusedAt(() -> Rows.of(new float[3][0]), "features: [3, 0] is empty");
    refusedAt(() -> Rows.of(new float[][] {null, {1}}), "features: [2, 0] is empty");
    refusedAt(
        () -> Rows.of(new float[][] {{1, 2}, {3}}), "features: row 1 has 1 numbers, row 0 has 2");
    refusedAt(() -> Rows.of(new float[][] {{1, 2}, null}), "features: row 1 has 0 numbers");
    refusedAt(() -> Rows.of(new float[7], 3), "features: 7 numbers are no whole rows of 3");
    refusedAt(() -> Rows.of(new float[7], 0), "features: 7 numbers are no whole rows of 0");
    refusedAt(() -> Rows.of(new float[0], 3), "features: [0, 3] is empty");
  }

  @Test
  void labelsAreNumbersOrNames() {
    assertThat(ClassLabels.of(3, 0, 7).ids()).containsExactly(3, 0, 7);
    assertThat(ClassLabels.of(3L, 0L, 1L << 40).ids()).containsExactly(3, 0, 1L << 40);
    assertThat(ClassLabels.of(1, 2).names()).isEmpty();
    ClassLabels named = ClassLabels.of("dog", "cat", "dog", "Zebra");
    assertThat(named.names()).containsExactly("Zebra", "cat", "dog");
    assertThat(named.ids()).containsExactly(2, 1, 2, 0);
    assertThat(ClassLabels.of(List.of("cat"), named.names()).ids()).containsExactly(1);
    refusedAt(
        () -> ClassLabels.of(1, -2), "labels: sample 1 has label -2; number the classes from 0");
    refusedAt(() -> ClassLabels.of(new int[0]), "labels: there are none");
    refusedAt(() -> ClassLabels.of("a", null), "labels: sample 1 has no label");
    refusedAt(() -> ClassLabels.of("", "a"), "labels: sample 0 has no label");
    refusedAt(
        () -> ClassLabels.of(List.of("cat", "cow"), named.names()),
        "labels: sample 1 has label \"cow\", which is none of the 3 classes");
    refusedAt(
        () -> ClassLabels.of(List.of("a"), List.of("a", "a")), "classes: \"a\" is named twice");
  }
}
