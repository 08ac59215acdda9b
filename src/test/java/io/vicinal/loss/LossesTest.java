package io.vicinal.loss;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossList;
import io.vicinal.backend.LossParameter;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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

  /** One parameter after the other gets another value than its default. */
  @Test
  void parametersReachTheNativeLibraryByName() {
    LossList.losses()
        .forEach(
            (name, listed) -> {
              Map<String, Double> expected = new LinkedHashMap<>();
              listed.forEach(p -> expected.put(p.name(), p.standard()));
              assertThat(Losses.create(name).spec()).isEqualTo(new LossSpec(name, expected));
              for (LossParameter p : listed) {
                boolean choice = !p.choices().isEmpty();
                double value = choice ? 1 : p.whole() ? 3 : 1.5 * p.standard();
                String text =
                    choice ? p.choices().get(1) : p.whole() ? "3" : Double.toString(value);
                Map<String, Double> changed = new LinkedHashMap<>(expected);
                changed.put(p.name(), value);
                assertThat(Losses.create(name, Map.of(p.name(), text)).spec())
                    .isEqualTo(new LossSpec(name, changed));
              }
            });
  }

  /** A loss of somebody else's. */
  private record Strange(String name, Map<String, Object> params) implements Loss {
    @Override
    public String formula() {
      return "0";
    }

    @Override
    public String source() {
      return "";
    }
  }

  @Test
  void lossesThatTheNativeLibraryCannotTakeAreRefusedByName() {
    refused(
        () -> new Strange("mine", Map.of()).spec(),
        "loss: 'mine' is none that the native library computes; it has proxy-nca, ");
    refused(
        () -> new Strange("cosface", Map.of("scale", 1.0)).spec(),
        "cosface: margin is null in params()");
    refused(
        () -> new Strange("proxy-nca", Map.of("scale", 1.0, "exclude-positive", "no")).spec(),
        "proxy-nca: exclude-positive is no in params()");
    refused(() -> new LossSpec(null, Map.of()), "loss: its name is null");
    refused(() -> new LossSpec("cosface", null), "loss: cosface's parameters are null");
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("scale", null);
    refused(() -> new LossSpec("cosface", values), "cosface: scale is null; give a number");
  }

  @Test
  void whatTheNativeLibraryDoesNotKnowIsRefusedByName() {
    refused(
        () -> new LossSpec("cosfaec", Map.of()).decomposes(),
        "loss: 'cosfaec' is no loss; choose proxy-nca, ");
    refused(
        () -> new LossSpec("cosface", Map.of("sclae", 1.0)).decomposes(),
        "cosface: unknown parameter 'sclae'; it has margin, scale");
    Map<String, Double> many = new LinkedHashMap<>();
    for (int i = 0; i < 17; i++) {
      many.put("p" + i, 1.0);
    }
    refused(() -> new LossSpec("cosface", many).decomposes(), "cosface: 17 parameters are given");
  }

  /** An engine keeps the loss of its last call. */
  @Test
  void lossesThatTakeTurnsAreToldApart() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor z = arena.of(new double[] {1, 2, 3, -1}, 2, 2);
      Tensor p = arena.of(new double[] {1, 1, -1, 2}, 2, 2);
      Targets y = Targets.of(arena.of(new long[] {0, 1}, 2));
      Function<LossSpec, Double> value =
          loss -> backend.loss(loss, 2, z, y, p, null, null, null).loss();
      LossSpec one = new LossSpec("cosface", Map.of("scale", 2.0));
      double first = value.apply(one);
      double other = value.apply(new LossSpec("cosface", Map.of("scale", 3.0)));
      assertThat(other).isNotEqualTo(first);
      assertThat(value.apply(new LossSpec("cosface", Map.of("margin", 0.1, "scale", 3.0))))
          .isNotEqualTo(other);
      refused(
          () -> value.apply(new LossSpec("cosface", Map.of("scale", -1.0))),
          "cosface: scale is -1; ");
      assertThat(value.apply(one)).isEqualTo(first);
    }
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
