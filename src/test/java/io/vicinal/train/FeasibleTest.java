package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.config.SamplerConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Npy;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a run cannot do is said before it starts, by a plan and by a run, and nothing is touched.
 */
class FeasibleTest {
  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();
  private final List<String> notes = new ArrayList<>();

  private RunConfig files(FeatureSet data, String... overrides) {
    Npy.write(folder.resolve("x.npy"), data.features());
    Npy.write(folder.resolve("y.npy"), data.labels());
    List<String> all = new ArrayList<>(List.of("compute.threads=1", "epochs=1"));
    all.addAll(List.of(overrides));
    String json = "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\"}}";
    return ConfigParser.parse(json, "c.json", folder, all);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evaluate.metrics=[\"r@500\"]|evaluate.metrics: r@500 looks at 500 neighbours, but a validation sample has 11 others",
        "evaluate.metrics=[\"intra\"]|evaluate.metric: more of intra is not better",
        "evaluate.metrics=[\"fnmr@0.1\",\"r@1\"]|evaluate.metric: more of fnmr@0.1 is not better",
        "evaluate.metrics=[\"luck\"]|evaluate.metrics: ",
        "sampler.batch=128|sampler.batch: 128 is more than the 108 training samples; lower it",
        "sampler={\"name\":\"balanced\",\"classes\":9}|sampler.classes: 9",
        "sampler={\"name\":\"balanced\",\"samples\":200}|lower sampler.classes or sampler.samples",
        "data.classes=[10]|all of one class",
        "compute.device=cuda:77|cuda"
      })
  void refusedBeforeAnythingIsTouched(String override, String expected) throws IOException {
    RunConfig config = files(Samples.clouds(arena, 120, 5, 6), override);
    if (!override.startsWith("compute")) {
      refused(() -> TrainingPlan.of(config), expected);
    }
    Path run = folder.resolve("run");
    refused(() -> Trainer.train(config, run, TrainingListener.NONE), expected);
    assertThat(run).doesNotExist();

    Files.createDirectory(run);
    Files.writeString(run.resolve("config.json"), "the old run");
    assertThatThrownBy(() -> Trainer.train(config, run, RunMode.RESTART, TrainingListener.NONE))
        .hasMessageContaining(expected);
    assertThat(run.resolve("config.json")).hasContent("the old run");
    assertThat(run.resolve("previous-1")).doesNotExist();
  }

  private static final double[] ENDS = {
    -1e4, 0, Double.MIN_VALUE, 1e-9, 1e-4, 1 - 1e-9, 180, 1e4, 1e6, 1e9, 1e300
  };

  /** At the ends of every number's range a loss is finite, or the range is smaller than that. */
  @Test
  void whatIsAcceptedTrains() {
    List<String> keys = new ArrayList<>();
    for (String loss : Losses.names()) {
      Losses.create(loss)
          .params()
          .forEach(
              (key, value) -> {
                if (value instanceof Double) {
                  keys.add("loss={\"name\":\"" + loss + "\",\"" + key + "\":%s}");
                }
              });
    }
    for (String key : List.of("lr", "weightDecay", "momentum", "beta1", "beta2", "eps")) {
      for (String name : List.of("sgd", "adam", "adamw")) {
        keys.add("optimizer={\"name\":\"" + name + "\",\"" + key + "\":%s}");
      }
    }
    FeatureSet data = Samples.clouds(arena, 40, 5, 4);
    int trained = 0;
    List<String> wrong = new ArrayList<>();
    for (String key : keys) {
      for (double end : ENDS) {
        String override = key.replace("%s", Double.toString(end));
        RunConfig config;
        try {
          config =
              RunConfig.defaults(
                  "epochs=2",
                  "sampler.batch=40",
                  "validation.fraction=0",
                  "compute.threads=1",
                  "compute.dtype=float32",
                  override);
        } catch (InputException e) {
          continue; // out of range
        }
        try {
          Trainer.train(
              config, data, folder.resolve("end"), RunMode.RESTART, TrainingListener.NONE);
          trained++;
        } catch (DivergedException e) {
          wrong.add(override + ": " + e.getMessage());
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(trained).isGreaterThan(80);
  }

  @Test
  void validationFilesAreAskedToo() {
    FeatureSet data = Samples.clouds(arena, 120, 5, 6);
    Npy.write(folder.resolve("v.npy"), data.features().rows(0, 6));
    Npy.write(folder.resolve("vy.npy"), data.labels().rows(0, 6));
    String[] own = {
      "validation.features=" + folder.resolve("v.npy"),
      "validation.labels=" + folder.resolve("vy.npy")
    };
    RunConfig config = files(data, own);
    for (Path run : new Path[] {null, folder.resolve("run")}) {
      refused(
          () -> {
            if (run == null) {
              TrainingPlan.of(config);
            } else {
              Trainer.train(config, run, TrainingListener.NONE);
            }
          },
          "no class has two validation samples");
    }
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void defaultsFitSmallDataAndSayWhatTheyBecame() {
    RunConfig config = files(Samples.clouds(arena, 118, 5, 6));
    assertThat(TrainingPlan.of(config).notes()).anyMatch(n -> n.startsWith("sampler.batch: 106 "));
    assertThat(TrainingPlan.of(config).config().sampler().batch()).isEqualTo(106);
    Path run = folder.resolve("run");
    assertThat(Trainer.train(config, run, Samples.noting(notes)).steps()).isEqualTo(1);
    assertThat(notes)
        .contains("sampler.batch: 106 in place of 128, all training samples")
        .anyMatch(n -> n.startsWith("head.embedding: 64 numbers from 5 features"));
    RunConfig stored = ConfigParser.stored(run.resolve("config.json"));
    assertThat(stored.sampler().batch()).isEqualTo(106);
    // The configuration that started the run resumes it, and so does the stored one.
    Trainer.train(config.withEpochs(2), run, RunMode.RESUME, TrainingListener.NONE);
    Trainer.train(stored.withEpochs(3), run, RunMode.RESUME, TrainingListener.NONE);
  }

  @Test
  void theDefaultValidationPartFitsSmallData() {
    RunConfig twelve = files(Samples.clouds(arena, 12, 5, 3));
    assertThat(TrainingPlan.of(twelve).notes())
        .anyMatch(n -> n.startsWith("validation.fraction: 0 in place of 0.1"));
    Path run = folder.resolve("run");
    Trainer.train(twelve, run, Samples.noting(notes));
    assertThat(notes).filteredOn(n -> n.startsWith("validation.fraction: 0 in")).hasSize(1);
    RunConfig stored = ConfigParser.stored(run.resolve("config.json"));
    assertThat(stored.validation()).isEqualTo(twelve.validation().with(0));
    Trainer.train(twelve.withEpochs(2), run, RunMode.RESUME, TrainingListener.NONE);

    TrainingPlan thirty = TrainingPlan.of(files(Samples.clouds(arena, 30, 5, 3)));
    assertThat(thirty.notes()).anyMatch(n -> n.startsWith("validation.fraction: 0.200 in place"));
    assertThat(thirty.validation()).isEqualTo(6);
    TrainingPlan hundred = TrainingPlan.of(files(Samples.clouds(arena, 120, 5, 3)));
    assertThat(hundred.notes()).noneMatch(n -> n.startsWith("validation"));
    assertThat(hundred.validation()).isEqualTo(12);

    RunConfig early = files(Samples.clouds(arena, 12, 5, 3), "earlyStop.patience=2");
    refused(
        () -> TrainingPlan.of(early),
        "earlyStop.patience: needs validation data",
        "set validation.fraction");
    RunConfig given = files(Samples.clouds(arena, 12, 5, 3), "validation.fraction=0.1");
    assertThatThrownBy(() -> TrainingPlan.of(given)).hasMessageContaining("set it to 0.38 or more");
  }

  /** What was fitted to some data is fitted again to others, by whatever way it gets there. */
  @Test
  void otherDataAreFittedAnew() throws IOException {
    RunConfig config = files(Samples.clouds(arena, 12, 5, 3), "sampler.dropLast=false");
    Path run = folder.resolve("run");
    Trainer.train(config, run, Samples.noting(notes));
    Path file = run.resolve("config.json");
    RunConfig small = ConfigParser.stored(file);
    assertThat(small.validation().present()).isFalse();
    assertThat(small.sampler().batch()).isEqualTo(12);
    assertThat(small.fitted())
        .containsExactly("validation.fraction", "validation.by", "sampler.batch");

    files(Samples.clouds(arena, 240, 5, 3)); // in the same files
    notes.clear();
    refused(
        () -> Trainer.resume(run, Samples.noting(notes)),
        "the run there has 12 rows, the data now has 240");
    assertThat(notes).as("nothing is fitted to data that are refused").isEmpty();
    RunConfig again = ConfigParser.parse(file, List.of("optimizer.lr=0.01"));
    assertThat(again.fitted()).isEmpty();
    assertThat(again.sampler()).as("the rest is kept").isEqualTo(config.sampler());
    for (RunConfig way : List.of(again, small, TrainingOptions.of(small).epochs(2).config())) {
      TrainingPlan plan = TrainingPlan.of(way);
      assertThat(plan.validation()).isEqualTo(24);
      assertThat(plan.config().sampler().batch()).isEqualTo(128);
      Trainer.train(way, run, RunMode.RESTART, TrainingListener.NONE);
      RunConfig fitted = ConfigParser.stored(file);
      assertThat(fitted).isEqualTo(plan.config());
      assertThat(fitted.validation().fraction()).isEqualTo(0.1);
      assertThat(fitted.sampler().batch()).isEqualTo(128);
    }
    // What was fitted and is given now stays, and a given sampler needs no keys of a fitted one.
    RunConfig given = TrainingOptions.of(small).batch(12).validation(0.5).config();
    assertThat(TrainingPlan.of(given).config().fitted()).isEmpty();
    Trainer.train(given, run, RunMode.RESTART, TrainingListener.NONE);
    RunConfig kept = ConfigParser.parse(file, List.of("sampler.batch=7"));
    assertThat(kept.validation().fraction()).isEqualTo(0.5);
    assertThat(TrainingPlan.of(kept).config().sampler().batch()).isEqualTo(7);
    assertThat(
            ConfigParser.parse(file, List.of("sampler={\"name\":\"balanced\"}")).sampler().name())
        .isEqualTo("balanced");

    files(Samples.clouds(arena, 60, 5, 3)); // too few for a batch of 128
    assertThat(TrainingPlan.of(again).config().sampler().batch()).isEqualTo(54);
  }

  @Test
  void balancedDefaultsFitToo() {
    RunConfig config = files(Samples.clouds(arena, 12, 5, 3), "sampler.name=balanced");
    TrainingPlan plan =
        TrainingPlan.of(
            files(
                Samples.clouds(arena, 12, 5, 3), "validation.fraction=0", "sampler.name=balanced"));
    assertThat(plan.config().sampler()).isEqualTo(new SamplerConfig("balanced", 0, false, 3, 3));
    assertThat(plan.notes()).anyMatch(n -> n.contains("3 classes x 3 samples"));
    assertThat(config.sampler()).isEqualTo(new SamplerConfig("balanced", 0, false, 0, 0));
  }

  @Test
  void sizesByTheData() {
    SamplerConfig free = new SamplerConfig("random", 0, true, 0, 0);
    assertThat(free.fitted(1000, 5).batch()).isEqualTo(128);
    assertThat(free.fitted(7, 5).batch()).isEqualTo(7);
    SamplerConfig given = new SamplerConfig("random", 100, true, 0, 0);
    assertThat(given.fitted(7, 5).batch()).isEqualTo(100);
    assertThat(given.cutTo(80, 5).batch()).isEqualTo(80);
    assertThat(given.cutTo(100, 5).batch()).isEqualTo(100);
    SamplerConfig balanced = new SamplerConfig("balanced", 0, false, 6, 8);
    assertThat(balanced.cutTo(49, 6)).isEqualTo(balanced);
    assertThat(balanced.cutTo(48, 6)).isEqualTo(new SamplerConfig("balanced", 0, false, 6, 4));
    assertThat(balanced.cutTo(2, 2)).isEqualTo(new SamplerConfig("balanced", 0, false, 1, 1));
    for (long n = 2; n < 40; n++) {
      SamplerConfig fitted = new SamplerConfig("balanced", 0, false, 0, 0).fitted(n, 4);
      assertThat((n - 1) / (fitted.classes() * fitted.samples())).as("%d", n).isPositive();
    }
  }
}
