package io.vicinal.loss;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.LossList;
import io.vicinal.backend.LossParameter;
import io.vicinal.backend.LossSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LossesTest {
  @Test
  void namesAndDefaults() {
    Map<String, String> defaults =
        Losses.names().stream()
            .collect(
                Collectors.toMap(name -> name, name -> Losses.create(name).params().toString()));
    assertThat(defaults)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "proxy-nca", "{scale=1.0, exclude-positive=false}",
                "proxy-nca-pp", "{scale=3.0, exclude-positive=false}",
                "proxy-anchor",
                    "{margin=0.1, alpha=32.0, mode=anchor, repeat-labels=false, euclidean=false, detach-proxies=false}",
                "soft-triple", "{la=20.0, gamma=0.1, margin=0.01, tau=0.2, centers=10}",
                "normalized-softmax", "{temperature=0.05}",
                "cosface", "{margin=0.35, scale=64.0}",
                "arcface", "{margin-degrees=28.6, scale=64.0}"));
  }

  /** What the native library computes has a record each, with its parameters in their order. */
  @Test
  void theListIsTheNativeLibrarys() {
    Map<String, List<String>> records = new LinkedHashMap<>();
    Losses.names().forEach(n -> records.put(n, List.copyOf(Losses.create(n).params().keySet())));
    Map<String, List<String>> listed = new LinkedHashMap<>();
    LossList.losses()
        .forEach((n, all) -> listed.put(n, all.stream().map(LossParameter::name).toList()));
    assertThat(records).isEqualTo(listed);
    assertThat(records.keySet()).containsExactlyElementsOf(listed.keySet());
  }

  @Test
  void everyLossIsRebuiltFromItsParameters() {
    for (String name : Losses.names()) {
      Loss loss = Losses.create(name);
      Map<String, String> text =
          loss.params().entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().toString()));
      assertThat(Losses.create(name, text)).isEqualTo(loss);
      assertThat(loss.name()).isEqualTo(name);
      assertThat(loss.formula()).isNotBlank().doesNotContain("\n");
    }
  }

  @Test
  void parametersReachTheNativeStructure() {
    assertThat(
            Losses.create(
                    "soft-triple",
                    Map.of("la", "7", "gamma", "0.5", "margin", "0.25", "tau", "0", "centers", "3"))
                .spec())
        .isEqualTo(new LossSpec(LossSpec.SOFT_TRIPLE, 0, 3, 7, 0.25, 0.5, 0));
    assertThat(
            Losses.create(
                    "proxy-anchor",
                    Map.of(
                        "mode",
                        "nca",
                        "repeat-labels",
                        "true",
                        "euclidean",
                        "true",
                        "detach-proxies",
                        "true",
                        "alpha",
                        "8"))
                .spec())
        .isEqualTo(new LossSpec(LossSpec.PROXY_ANCHOR, 2 | 4 | 8 | 16, 1, 8, 0.1, 0, 0));
    assertThat(Losses.create("arcface", Map.of("margin-degrees", "10")).spec().margin())
        .isEqualTo(10);
    assertThat(Losses.create("proxy-nca", Map.of("exclude-positive", "true")).spec().flags())
        .isEqualTo(LossSpec.EXCLUDE_POSITIVE);
  }

  @Test
  void onlyTheColumnFormDoesNotDecompose() {
    for (String name : Losses.names()) {
      assertThat(Losses.create(name).decomposes()).isEqualTo(!name.equals("proxy-anchor"));
    }
    assertThat(Losses.create("proxy-anchor", Map.of("mode", "nca")).decomposes()).isTrue();
  }

  @Test
  void softLabelsAreForPlainSoftmaxes() {
    assertThat(Losses.names().stream().filter(name -> Losses.create(name).acceptsSoftLabels()))
        .containsExactly("proxy-nca", "proxy-nca-pp", "normalized-softmax");
    assertThat(Losses.create("proxy-nca", Map.of("exclude-positive", "true")).acceptsSoftLabels())
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "proxynca|scale|1|proxy-nca, proxy-nca-pp",
        "proxy-nca|sclae|1|scale, exclude-positive",
        "proxy-nca|scale|one|not a number",
        "proxy-nca|scale|0|is outside 1.0E-4..10000.0",
        "proxy-nca|scale|NaN|not finite",
        "proxy-nca|scale|1e999|not finite",
        "proxy-nca|exclude-positive|yes|false, true",
        "proxy-anchor|mode|rows|anchor, nca",
        "proxy-anchor|alpha|-3|is outside 1.0E-4..10000.0",
        "soft-triple|centers|0|1..10000",
        "soft-triple|centers|2.5|not an integer",
        "soft-triple|tau|-1|below 0",
        "arcface|margin-degrees|180.5|0.0..180.0",
        "arcface|margin|1|margin-degrees"
      })
  void badNamesAndValues(String name, String parameter, String value, String expected) {
    refused(() -> Losses.create(name, Map.of(parameter, value)), name, expected);
  }
}
