package io.vicinal.cli.explain;

import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** How heads are trained where a command has to train some. */
final class HeadTrainingOptions {
  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = {
        "A value of the configuration that heads are trained with where the command trains some,",
        "as in 'train'; repeatable. The rest is the run's, or the defaults."
      })
  List<String> overrides = new ArrayList<>();

  /** The run's configuration, or the defaults for a head of the model's size. */
  RunConfig config(ModelOptions inputs, ModelInputs model) {
    if (inputs.run != null) {
      return ConfigParser.parse(inputs.run.resolve("config.json"), overrides);
    }
    return model.subject().training(overrides);
  }

  /** The defaults for a head that is trained because none was named. */
  RunConfig config() {
    return RunConfig.defaultsOfFew(overrides);
  }

  void addTo(Key key, RunConfig config) {
    key.add("training", config.text());
  }
}
