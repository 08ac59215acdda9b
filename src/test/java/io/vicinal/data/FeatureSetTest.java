package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class FeatureSetTest {
  @AutoClose private final Arena arena = Arena.host();

  private FeatureSet set() {
    return new FeatureSet(
        arena.of(new float[] {0, 1, 10, 11, 20, 21, 30, 31}, 4, 2),
        arena.of(new long[] {5, 0, 5, 2}, 4),
        "set");
  }

  @Test
  void countsAndSubsets() {
    FeatureSet set = set();
    assertThat(set.classes()).isEqualTo(6);
    assertThat(set.classCounts())
        .containsExactly(Map.entry(0L, 1L), Map.entry(2L, 1L), Map.entry(5L, 2L));
    assertThat(set.idsOf(5, 2)).containsExactly(0, 2, 3);
    FeatureSet part = set.subset(arena, "part", 3, 0, 3);
    assertThat(part.features().toFloats()).containsExactly(30, 31, 0, 1, 30, 31);
    assertThat(part.labels().toLongs()).containsExactly(2, 5, 2);
    assertThat(part.renumbered(arena, 5, 2).labels().toLongs()).containsExactly(1, 0, 1);
    refused(() -> part.renumbered(arena, 5), "class 2");
    refused(() -> part.renumbered(arena, 5, 2, 5), "twice");
    refused(() -> set.subset(arena, "bad", 4), "0..3");
    refused(() -> set.subset(arena, "none"));
  }

  @Test
  void theHashIsOfTheContents() {
    String hash = set().sha256();
    assertThat(hash).hasSize(64).isEqualTo(set().sha256());
    FeatureSet other = set();
    other.labels().set(new long[] {5, 0, 5, 3});
    assertThat(other.sha256()).isNotEqualTo(hash);
    FeatureSet wide = set();
    FeatureSet reshaped =
        new FeatureSet(wide.features().reshape(4, 2), wide.labels(), "another name");
    assertThat(reshaped.sha256()).isEqualTo(hash);
    FeatureSet asDoubles = new FeatureSet(arena.allocate(DType.F64, 4, 2), wide.labels(), "set");
    asDoubles.features().copyFrom(wide.features());
    assertThat(asDoubles.sha256()).isNotEqualTo(hash);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    var features = arena.allocate(DType.F32, 2, 3);
    var labels = arena.allocate(DType.I64, 2);
    refused(() -> new FeatureSet(labels, labels, "x"), "features");
    refused(() -> new FeatureSet(features, features, "x"), "labels");
    refused(
        () -> new FeatureSet(features, arena.allocate(DType.I64, 3), "x"), "3 labels for 2 rows");
    refused(
        () -> new FeatureSet(arena.allocate(DType.F32, 0, 3), arena.allocate(DType.I64, 0), "x"));
    labels.set(new long[] {0, -4});
    refused(() -> new FeatureSet(features, labels, "x"), "-4");
  }
}
