package io.vicinal.curate.study;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.curate.study.WorstClassOverlap.Worst;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorstClassOverlapTest {
  private static final String PROXY_NCA = "ProxyNCA++";
  private static final String ANCHOR = "ProxyAnchor";
  private static final String TRIPLE = "SoftTriple";

  /** The published lists: 5 seeds x 3 losses of one data set. */
  private static WorstClassOverlap published(String dataset) throws IOException {
    try (InputStream in =
        WorstClassOverlapTest.class.getResourceAsStream("/influence/worst-classes.csv")) {
      List<Worst> lists =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .map(line -> line.split(","))
              .filter(cells -> cells[0].equals(dataset))
              .map(cells -> new Worst(cells[1], Long.parseLong(cells[2]), classes(cells[3])))
              .toList();
      assertThat(lists).hasSize(15);
      return new WorstClassOverlap(lists);
    }
  }

  private static List<Long> classes(String text) {
    return Arrays.stream(text.split(" ")).map(Long::valueOf).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "CUB, 7.0, 6.2, 7.1, 6.5, 7.2",
    "Cars, 5.6, 6.7, 6.1, 5.7, 6.0",
    "In-Shop, 9.6, 9.6, 10.0, 9.6, 9.8"
  })
  void publishedTable(
      String dataset, double nca, double anchor, double triple, double low, double high)
      throws IOException {
    WorstClassOverlap overlap = published(dataset);
    assertThat(overlap.losses()).containsExactly(PROXY_NCA, ANCHOR, TRIPLE);
    assertThat(overlap.mean(PROXY_NCA, PROXY_NCA)).isEqualTo(nca, within(1e-12));
    assertThat(overlap.mean(ANCHOR, ANCHOR)).isEqualTo(anchor, within(1e-12));
    assertThat(overlap.mean(TRIPLE, TRIPLE)).isEqualTo(triple, within(1e-12));
    assertThat(
            DoubleStream.of(
                    overlap.mean(PROXY_NCA, ANCHOR),
                    overlap.mean(PROXY_NCA, TRIPLE),
                    overlap.mean(ANCHOR, TRIPLE))
                .map(mean -> Math.round(10 * mean) / 10.0))
        .contains(low, high)
        .allMatch(mean -> mean >= low && mean <= high);
  }

  @Test
  void publishedClassesInEveryList() throws IOException {
    assertThat(published("CUB").inAll()).containsExactly(178L);
    assertThat(published("Cars").inAll()).containsExactly(103L, 163L);
    assertThat(published("In-Shop").inAll()).hasSize(8);
  }

  @Test
  void heatMapGivesRanksCommonClassesFirst() {
    WorstClassOverlap.HeatMap map =
        new WorstClassOverlap(
                List.of(new Worst("a", 0, List.of(5L, 2L, 9L)), new Worst("b", 0, List.of(2L, 4L))))
            .heatMap();
    assertThat(map.classes()).containsExactly(2L, 4L, 5L, 9L);
    assertThat(map.ranks()).isDeepEqualTo(new int[][] {{2, 1}, {0, 2}, {1, 0}, {3, 0}});
  }

  @Test
  void oneListHasNoOverlapToReport() {
    WorstClassOverlap one = new WorstClassOverlap(List.of(new Worst("a", 0, List.of(1L))));
    assertThat(one.mean("a", "a")).isNaN();
    assertThat(one.inAll()).containsExactly(1L);
  }

  @Test
  void badLists() {
    refused(() -> new WorstClassOverlap(List.of()), "there is none");
    refused(
        () -> new WorstClassOverlap(List.of(new Worst("a", 3, List.of(1L, 1L)))),
        "a, seed 3 names a class twice");
  }
}
