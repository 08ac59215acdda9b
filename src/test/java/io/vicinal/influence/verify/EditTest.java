package io.vicinal.influence.verify;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EditTest {
  private static final double[] SCORES = {0.5, -1, 2, 0.25};

  @Test
  void whatScoresPredict() {
    assertThat(Edit.remove(2).predicted(SCORES)).isEqualTo(2);
    assertThat(Edit.remove("both", 0, 1).predicted(SCORES)).isEqualTo(-0.5);
    assertThat(Edit.reweight("one per cent more", 1.01, 2).predicted(SCORES))
        .isCloseTo(-0.02, within(1e-15));
    assertThat(Edit.reweight("half", 0.5, 1, 2).predicted(SCORES)).isEqualTo(0.5);
  }

  @Test
  void labels() {
    Edit edit = Edit.relabel("repair", Map.of(3L, 0L, 1L, 7L));
    assertThat(edit.keepsLabels()).isFalse();
    assertThat(edit.changes()).containsExactly(new Edit.Change(1, 1, 7), new Edit.Change(3, 1, 0));
    refused(() -> edit.predicted(SCORES), "repair", "relabel table");
  }

  @Test
  void badEdits() {
    refused(() -> Edit.remove("nothing"))
        .hasMessage("nothing: no sample is named; name at least one");
    refused(() -> Edit.remove("twice", 3, 3), "sample 3 is named twice");
    refused(() -> Edit.reweight("x", -1, 3), "-1.0");
    refused(() -> Edit.remove(4).predicted(SCORES), "sample 4 is outside 0..3");
  }

  @Test
  void subsetsAreSeededAndOfTheRightSize() {
    List<Edit> half = Subsets.random(101, 0.5, 30, 4);
    assertThat(half).hasSize(30).allSatisfy(edit -> assertThat(edit.changes()).hasSize(51));
    assertThat(half).isEqualTo(Subsets.random(101, 0.5, 30, 4));
    assertThat(half).isNotEqualTo(Subsets.random(101, 0.5, 30, 5));
    assertThat(Subsets.random(1200, 0.95, 1, 0).get(0).changes()).hasSize(60);
    long[] times = new long[101];
    for (Edit edit : Subsets.random(101, 0.5, 400, 0)) {
      edit.changes().forEach(change -> times[(int) change.id()]++);
    }
    // Binomial(400, 51/101): mean 202, deviation 10.
    assertThat(Arrays.stream(times).min().getAsLong()).isGreaterThan(152);
    assertThat(Arrays.stream(times).max().getAsLong()).isLessThan(252);
    refused(() -> Subsets.random(10, 1, 3, 0));
  }
}
