package io.vicinal.curate.study;

import static io.vicinal.Refusal.refused;
import static io.vicinal.curate.study.Category.CENTRALIZED;
import static io.vicinal.curate.study.Category.DIVERSIFIED;
import static io.vicinal.curate.study.Category.INDIVIDUAL;
import static io.vicinal.curate.study.Category.NONE;
import static io.vicinal.curate.study.Category.OTHER;
import static io.vicinal.curate.study.Category.Rule.ENTROPY;
import static io.vicinal.curate.study.Category.Rule.SHARE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FieldStudyTest {
  /** Row c: how many samples of class c are recommended class 0, 1, ... */
  private static final long[][] RECOMMENDED = {
    {100, 0, 0, 0, 0, 0, 0, 0, 0}, // nothing to say
    {0, 95, 5, 0, 0, 0, 0, 0, 0}, // exactly 5 %
    {0, 0, 94, 6, 0, 0, 0, 0, 0}, // between
    {9, 1, 0, 90, 0, 0, 0, 0, 0}, // exactly 10 %, 9 of 10 agree; entropy 0.263
    {8, 2, 0, 0, 90, 0, 0, 0, 0}, // 8 of 10 agree; entropy 0.280
    {10, 10, 10, 10, 0, 60, 0, 0, 0}, // four directions; entropy 0.921
    {0, 0, 30, 0, 0, 0, 70, 0, 0}, // one direction; entropy 0.361
    {0, 0, 0, 80, 0, 0, 0, 20, 0}, // most of the class moves; entropy 0.179
    {0, 0, 0, 0, 0, 0, 0, 0, 1}, // one sample
  };

  private static FieldStudy study() {
    long[] labels = new long[801];
    long[] recommended = new long[801];
    int at = 0;
    for (int c = 0; c < RECOMMENDED.length; c++) {
      for (int r = 0; r < RECOMMENDED[c].length; r++) {
        for (int i = 0; i < RECOMMENDED[c][r]; i++) {
          labels[at] = c;
          recommended[at++] = r;
        }
      }
    }
    return FieldStudy.of(labels, recommended);
  }

  @Test
  void knownCategories() {
    FieldStudy study = study();
    assertThat(study.classes())
        .extracting(c -> c.category(SHARE))
        .containsExactly(
            NONE,
            INDIVIDUAL,
            OTHER,
            CENTRALIZED,
            DIVERSIFIED,
            DIVERSIFIED,
            CENTRALIZED,
            CENTRALIZED,
            NONE);
    assertThat(study.classes())
        .extracting(c -> c.category(ENTROPY))
        .containsExactly(
            NONE,
            INDIVIDUAL,
            OTHER,
            CENTRALIZED,
            CENTRALIZED,
            DIVERSIFIED,
            DIVERSIFIED,
            CENTRALIZED,
            NONE);
    assertThat(study.count(CENTRALIZED, SHARE)).isEqualTo(3);
    assertThat(study.count(DIVERSIFIED, ENTROPY)).isEqualTo(2);
  }

  @Test
  void ratesDirectionsAndEntropies() {
    FieldStudy study = study();
    ClassRecommendations three = study.classes().get(3);
    assertThat(three.rate()).isEqualTo(0.1);
    assertThat(three.other()).isEqualTo(0);
    assertThat(three.towardsOther()).isEqualTo(9);
    assertThat(three.entropy())
        .isEqualTo(-0.09 * Math.log(0.09) - 0.01 * Math.log(0.01), within(1e-15));
    assertThat(study.classes().get(0).other()).isEqualTo(-1);
    assertThat(study.classes().get(5).other()).as("the lower of equals").isEqualTo(0);
  }

  @Test
  void bothDenominators() {
    FieldStudy study = study();
    assertThat(study.changed()).isEqualTo(181);
    assertThat(study.classesWithSuggestion()).isEqualTo(7);
    assertThat(study.percentOfAll()).isEqualTo(100.0 * 181 / 801, within(1e-12));
    assertThat(study.percentOfAffected()).isEqualTo(100.0 * 181 / 700, within(1e-12));
  }

  @Test
  void noRecommendationCountsAsTheOwnClass() {
    FieldStudy study = FieldStudy.of(new long[] {4, 4, 7}, new long[] {-1, 4, -1});
    assertThat(study.changed()).isZero();
    assertThat(study.percentOfAffected()).isZero();
    assertThat(study.classes()).extracting(ClassRecommendations::label).containsExactly(4L, 7L);
  }

  @Test
  void lengthsMustFit() {
    long[] labels = LongStream.range(0, 3).toArray();
    refused(() -> FieldStudy.of(labels, new long[2]), "2 labels for 3 samples");
    refused(() -> FieldStudy.of(new long[0], new long[0]));
  }
}
