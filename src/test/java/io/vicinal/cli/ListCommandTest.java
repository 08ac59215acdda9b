package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.loss.Losses;
import io.vicinal.retrieval.MetricId;
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
    for (String name : MetricId.names()) {
      assertThat(out).contains("\n  " + name);
      String definition = MetricId.parse(name.replace("@k", "@10")).definition();
      assertThat(out.replaceAll("\\s+", " ")).contains(definition);
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
