package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.dataset.DatasetFormat;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.image.ImageRecipe;
import io.vicinal.loss.Losses;
import io.vicinal.retrieval.MetricCompat;
import io.vicinal.retrieval.MetricKind;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListCommandTest {
  @Test
  void namesEveryLossWithItsParametersAndFormula() {
    String out = Outcome.of("list", "losses").succeeded().out();
    for (String name : Losses.names()) {
      assertThat(out).contains("\n  " + name + "   ");
      Losses.create(name)
          .params()
          .forEach((key, value) -> assertThat(out).contains(key + "=" + value));
    }
  }

  @Test
  void definesEveryMetric() {
    String out = Outcome.of("list", "metrics").succeeded().out();
    for (MetricKind metric : MetricKind.values()) {
      assertThat(out).contains("\n  " + metric.pattern());
      assertThat(out.replaceAll("\\s+", " "))
          .contains(metric.example().definition())
          .contains("needs: " + metric.needs().text() + " source: " + metric.source());
    }
    for (MetricCompat compat : MetricCompat.values()) {
      assertThat(out).contains("\n  " + compat.id());
      assertThat(out.replaceAll("\\s+", " ")).contains(compat.text());
    }
  }

  @Test
  void saysWhatEveryTransformDoes() {
    String out = Outcome.of("list", "transforms").succeeded().out().replaceAll("\\s+", " ");
    for (String name : ImageRecipe.names()) {
      assertThat(out).contains(" " + name + " " + ImageRecipe.named(name).text());
    }
    assertThat(out).contains("bn-inception BGR range=255 mean 104.0 117.0 128.0, std 1.000");
  }

  @Test
  void saysOfEverySamplerWhatItDoesAndNeeds() {
    String out = Outcome.of("list", "samplers").succeeded().out().replaceAll("\\s+", " ");
    for (String name : Samplers.names()) {
      Sampling.Facts facts = Samplers.facts(name);
      assertThat(out).contains(" " + name + " ", facts.rule(), facts.source());
      Samplers.params(Samplers.create(name, Map.of()))
          .forEach((key, value) -> assertThat(out).contains(key + "=" + value));
      Arrays.stream(facts.needs()).forEach(need -> assertThat(out).contains(need.words()));
    }
  }

  @Test
  void saysOfEveryDatasetFormatWhatItsFilesAre() {
    String out = Outcome.of("list", "datasets").succeeded().out();
    for (String name : Datasets.names()) {
      DatasetFormat format = Datasets.create(name, Map.of());
      assertThat(out).contains("\n  " + name);
      assertThat(out.replaceAll("\\s+", " "))
          .contains(Datasets.facts(format).layout(), Datasets.facts(format).source());
      Datasets.params(format).forEach((key, value) -> assertThat(out).contains(key + "=" + value));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "random",
        "balanced",
        "sgd",
        "adam",
        "adamw",
        "rmsprop",
        "step",
        "plateau",
        "cosine"
      })
  void namesWhatConfigurationsTake(String name) {
    assertThat(Outcome.of("list").succeeded().out()).contains("\n  " + name + "   ");
  }

  @Test
  void refusesWhatIsNotThere() {
    Outcome.of("list", "dampers").failed(2, "dampers", "losses", "miners");
  }
}
