package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricIdTest {
  @ParameterizedTest
  @CsvSource({
    "r@1, r@1",
    "Recall@10, r@10",
    "CMC@5, r@5",
    "hit_rate@2, r@2",
    "P@1, p@1",
    "precision_at_1, p@1",
    "precision@7, p@7",
    "p@3/OML, p@3/oml",
    "map@10/oml, map@10/oml",
    "MAP@10/min, map@10/min",
    "map@10/r, map@10/r",
    "MAP@R, map@r",
    "mean_average_precision_at_r, map@r",
    "map, map",
    "RP, rp",
    "r_precision, rp",
    "MRR, mrr",
    "NMI, nmi",
    "nmi/geometric, nmi/geometric",
    "ami, ami",
    "F1, f1",
    "mAP_1000, map@1000/r",
    "mAP_lim, map@1023/r",
    "mAP_c, map@c",
    "rho_spectrum@-1, rho@-1",
    "rho@0, rho@0",
    "norms@50, norm@50",
    "norm@99.50, norm@99.5",
    "dists@intra_over_inter, intra-over-inter",
    "fnmr@1e-3, fnmr@0.001",
    "logl@5, vote-logl@5",
    "NDCG@10, ndcg@10",
  })
  void readsNamesAndAliases(String text, String id) {
    assertThat(MetricId.parse(text).id()).isEqualTo(id);
    assertThat(MetricId.parse(id)).isEqualTo(MetricId.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "r@",
        "r@0",
        "r@-1",
        "r@k",
        "r@1.5",
        "r@1e-3",
        "p@1/foo",
        "top@3",
        "r@99999999999999999999",
        "rho",
        "rho@1.5",
        "norm@101",
        "norm@-1",
        "fnmr@0",
        "fnmr@1",
        "r@1.1.1",
        "nmi@3"
      })
  void refusesOthersAndListsWhatThereIs(String text) {
    refused(() -> MetricId.parse(text))
        .hasMessageStartingWith("metrics: ")
        .hasMessageNotContaining("\n");
  }

  @Test
  void mapWithoutDialectNamesTheDialects() {
    assertThatThrownBy(() -> MetricId.parse("map@10"))
        .hasMessageContaining("map@10/oml, map@10/min or map@10/r");
  }

  @Test
  void definitionsCarryTheNumber() {
    assertThat(MetricId.parse("p@10/oml").definition())
        .isEqualTo("relevant rows among the 10 nearest, divided by min(10, R)");
    assertThat(MetricId.parse("nmi").definition()).contains("k-means clusters");
  }

  @Test
  void aMetricOfOneQueryHasAValueOfItsRanks() {
    long[] ranks = {1, 3};
    for (MetricKind kind : MetricKind.values()) {
      MetricId id = kind.example();
      if (kind.isRanking()) {
        assertThat(MetricId.parse(id.id().replace("@10", "@2")).of(ranks, 0, 2, 2))
            .as("%s", kind)
            .isBetween(0.5, 1.0);
      } else {
        assertThatThrownBy(() -> id.of(ranks, 0, 2, 2))
            .hasMessageContaining("not a ranking metric");
      }
    }
    assertThat(MetricId.names())
        .filteredOn(n -> !n.contains("@") && MetricId.parse(n).kind().isClustering())
        .containsExactly(
            "nmi", "nmi/geometric", "ami", "f1", "nmi/cosine", "ami/cosine", "f1/cosine");
  }

  @Test
  void listsDropRepetitions() {
    assertThat(MetricId.parseList("r@1, recall@1,map@r"))
        .extracting(MetricId::id)
        .containsExactly("r@1", "map@r");
  }
}
