package io.vicinal.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.curate.study.FieldStudy;
import io.vicinal.curate.study.WorstClassOverlap;
import io.vicinal.curate.study.WorstClassOverlap.Worst;
import java.util.List;
import org.junit.jupiter.api.Test;

class SectionsTest {
  @Test
  void fieldStudyBecomesCounts() {
    Section.Field field =
        Sections.field(
            "lead", FieldStudy.of(new long[] {0, 0, 1, 1, 1, 1}, new long[] {0, 1, 1, 1, 1, 1}));
    assertThat(field.categories())
        .containsExactly("centralized", "diversified", "individual", "other");
    assertThat(field.rules())
        .extracting(Section.Counts::values)
        .containsExactly(List.of(1L, 0L, 0L, 0L), List.of(1L, 0L, 0L, 0L));
    assertThat(field.facts()).extracting(Fact::value).containsExactly("1 of 2", "16.7 %", "50.0 %");
  }

  @Test
  void worstClassesBecomeAHeatMapWithTheirOverlaps() {
    Section.WorstClasses section =
        Sections.worstClasses(
            null,
            new WorstClassOverlap(
                List.of(
                    new Worst("a", 0, List.of(3L, 4L)),
                    new Worst("a", 1, List.of(4L, 5L)),
                    new Worst("b", 0, List.of(4L, 3L)))),
            c -> "class " + c);
    assertThat(section.models()).containsExactly("a 0", "a 1", "b 0");
    assertThat(section.classes()).containsExactly("class 4", "class 3", "class 5");
    assertThat(section.ranks()).isDeepEqualTo(new int[][] {{2, 1, 1}, {1, 0, 2}, {0, 2, 0}});
    assertThat(section.facts())
        .extracting(f -> f.name() + ": " + f.value())
        .containsExactly(
            "a, over seeds: 1.0 classes shared",
            "a and b: 1.5 classes shared",
            "In every list: class 4");
  }

  @Test
  void aReportHasEachKindOnce() {
    Section section = Sections.field(null, FieldStudy.of(new long[1], new long[1]));
    assertThatThrownBy(
            () -> new ReportData("t", null, List.of(section, section), new Pictures(), List.of()))
        .hasMessageContaining("two sections of one kind");
  }
}
