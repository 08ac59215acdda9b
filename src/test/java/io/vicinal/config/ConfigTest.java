package io.vicinal.config;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Batch;
import io.vicinal.loss.tuple.Measure;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.program.Expr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {

  private static final String MINIMAL =
      "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\"}}";

  /** ProxyNCA++ on CUB-200-2011 as published: eps 1, proxies learn 100 000 times faster. */
  private static final String CUB =
      """
      {
        "data": {"features": "cub/x.npy", "labels": "cub/y.npy"},
        "loss": {"name": "proxy-nca-pp", "scale": 3},
        "head": {"embedding": 512, "proxies": "normal"},
        "optimizer": {
          "name": "adam", "lr": 4e-3, "eps": 1.0,
          "groups": {"proxies": {"lrScale": 100000}}
        },
        "schedule": {"name": "step", "milestones": [1000]},
        "clip": {"value": 10, "groups": ["weight", "bias"]},
        "sampler": {"name": "balanced", "classes": 8, "samples": 4},
        "epochs": 40,
        "warmup": {"epochs": 5, "groups": ["weight", "bias"]}
      }
      """;

  private static RunConfig parse(String json, String... overrides) {
    return ConfigParser.parse(json, "c.json", Path.of("/base"), List.of(overrides));
  }

  /**
   * A value that was changed by hand, or set by a program, since a run fitted it is a given one.
   */
  @Test
  void whatARunFittedIsOpenUntilSomebodyGivesIt() {
    String json =
        "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\"}, "
            + "\"sampler\": {\"name\": \"random\", \"batch\": %s}, \"fitted\": [\"sampler.batch=12\"]}";
    assertThat(parse(json.formatted("12")).sampler().batch()).isZero();
    RunConfig edited = parse(json.formatted("32"));
    assertThat(edited.sampler().batch()).isEqualTo(32);
    RunConfig asked = parse(json.formatted("12"));
    RunConfig run = asked.fitted(asked.sampler().fitted(20, 3));
    assertThat(run.json().get("fitted").toString()).contains("sampler.batch=20");
    assertThat(run.asked().sampler().batch()).isZero();
    SamplerConfig given = new SamplerConfig("random", 24, true, 0, 0);
    assertThat(run.withSampler(given).asked().sampler().batch()).isEqualTo(24);
  }

  @TupleLoss.Facts(name = "both-ways", formula = "", source = "", square = true)
  record BothWays() implements TupleLoss {
    @Override
    public Expr value(Batch in) {
      Expr s = in.matrix(Measure.PRODUCT);
      return s.larger(s.transposed()).total();
    }
  }

  /** A jar's own may say so; of ours each takes a memory that compares samples. */
  @Test
  void aFormulaOfABatchWithItselfTakesNoMemory() {
    assertThat(MemoryConfig.refusal("both-ways", new BothWays()))
        .isEqualTo("both-ways is written for a batch with itself and takes no memory");
    for (String name : TupleLosses.names()) {
      assertThat(TupleLosses.facts(TupleLosses.create(name, Map.of())).square()).isFalse();
    }
  }

  /** A default decay is the head's: proxies and boundaries are no weights. */
  @Test
  void whatALossLearnsDecaysOnlyIfSomebodySaysSo() {
    String beta = "loss={\"name\":\"margin\",\"learn-beta\":true}";
    RunConfig open = parse(MINIMAL, "optimizer.name=adamw");
    assertThat(open.optimizer().weightDecay("weight")).isEqualTo(0.01);
    assertThat(open.optimizer().weightDecay("bias")).isEqualTo(0.01);
    assertThat(open.optimizer().weightDecay("proxies")).isZero();
    assertThat(parse(MINIMAL, beta, "optimizer.name=adamw").optimizer().weightDecay("beta"))
        .isZero();
    assertThat(open.text()).contains("\"weightDecay\": 0.01").contains("\"weightDecay\": 0.0\n");
    assertThat(ConfigParser.parse(open.json(), "c").optimizer()).isEqualTo(open.optimizer());
    String[] given = {"optimizer={\"name\":\"adamw\",\"weightDecay\":0.01}"};
    assertThat(parse(MINIMAL, given).optimizer().weightDecay("proxies")).isEqualTo(0.01);
    String[] own = {
      "optimizer={\"name\":\"adamw\",\"groups\":{\"proxies\":{\"weightDecay\":0.3}}}"
    };
    assertThat(parse(MINIMAL, own).optimizer().weightDecay("proxies")).isEqualTo(0.3);
    String[] coupled = {"optimizer={\"name\":\"sgd\",\"weightDecay\":0.2}"};
    assertThat(parse(MINIMAL, coupled).optimizer().weightDecay("proxies")).isEqualTo(0.2);
  }

  /** A folder says where the same data lie, and what a file does not name, none of its own is. */
  @Test
  void onlyOtherDataLeaveBehindWhatBelongedToThose(@TempDir Path folder) throws IOException {
    List<String> notes = new ArrayList<>();
    Path file = folder.resolve("c.json");
    Files.writeString(file, "{\"data\": {\"dataset\": \"fashion-mnist\", \"classes\": [0, 1, 2]}}");
    RunConfig moved = ConfigParser.parse(file, List.of("data.folder=/elsewhere"), notes::add);
    assertThat(moved.data().classes()).hasSize(3);
    Files.writeString(file, "{\"data\": {\"classes\": [0, 1], \"classNames\": \"names.txt\"}}");
    RunConfig first =
        ConfigParser.parse(file, List.of("data.features=x.npy", "data.labels=y.npy"), notes::add);
    assertThat(first.data().classes()).hasSize(2);
    assertThat(notes).isEmpty();
    Files.writeString(
        file, "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\", \"classes\": [0, 1]}}");
    RunConfig other =
        ConfigParser.parse(file, List.of("data.features=z.npy", "data.labels=z.txt"), notes::add);
    assertThat(other.data().classes()).isNullOrEmpty();
    assertThat(notes).singleElement().asString().contains("data.classes");
  }

  /** A run's configuration says all of its sampler; heads may be trained with another. */
  @Test
  void aNameIsEnoughForAnotherSampler(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("c.json");
    Files.writeString(file, parse(MINIMAL, "sampler.batch=64").text());
    List<String> notes = new ArrayList<>();
    RunConfig other =
        ConfigParser.parse(file, List.of("sampler.name=balanced", "sampler.samples=2"), notes::add);
    assertThat(other.sampler())
        .isEqualTo(parse(MINIMAL, "sampler={\"name\":\"balanced\",\"samples\":2}").sampler());
    assertThat(notes)
        .singleElement()
        .asString()
        .endsWith("left out what balanced has not, sampler.batch (64), sampler.dropLast (true)");
    refused(
        () -> ConfigParser.parse(file, List.of("sampler.name=balanced", "sampler.batch=3")),
        "--set: sampler.batch: unknown key");
    assertThat(RunConfig.defaultsOfFew(List.of()).sampler().params())
        .containsEntry("dropLast", false);
    assertThat(
            RunConfig.defaultsOfFew(List.of("sampler.name=weighted", "sampler.file=w")).sampler())
        .isEqualTo(RunConfig.defaults("sampler={\"name\":\"weighted\",\"file\":\"w\"}").sampler());
  }

  @Test
  void everythingButTheDataHasADefault() {
    RunConfig config = parse(MINIMAL);
    assertThat(config.data().features()).isEqualTo(Path.of("/base/x.npy"));
    assertThat(config.loss().name()).isEqualTo("proxy-nca-pp");
    assertThat(config.optimizer().name()).isEqualTo("adam");
    assertThat(config.evaluate().metric()).isEqualTo("map@r");
    assertThat(config.validation().fraction()).isEqualTo(0.1);
  }

  @Test
  void thePublishedConfigurationIsExpressible() {
    RunConfig config = parse(CUB);
    OptimizerConfig optimizer = config.optimizer();
    assertThat(optimizer.lr("weight")).isEqualTo(4e-3);
    assertThat(optimizer.lr("proxies")).isEqualTo(400);
    assertThat(optimizer.eps("proxies")).isEqualTo(1.0);
    assertThat(optimizer.beta1()).isEqualTo(0.9);
    assertThat(optimizer.beta2()).isEqualTo(0.999);
    assertThat(optimizer.weightDecay("weight")).isZero();
    assertThat(config.sampler().batchSize()).isEqualTo(32);
    assertThat(config.clip().value()).isEqualTo(10);
    assertThat(config.clip().groups()).containsExactly("weight", "bias");
    assertThat(config.warmup().epochs()).isEqualTo(5);
    assertThat(config.epochs()).isEqualTo(40);
    assertThat(config.head().embedding()).isEqualTo(512);
    assertThat(config.loss().params()).containsEntry("scale", "3");
    RunConfig inshop = parse(CUB, "sampler.classes=32", "sampler.samples=3");
    assertThat(inshop.sampler().batchSize()).isEqualTo(96);
  }

  @Test
  void theResolvedFormReadsBackEqual() {
    for (RunConfig config :
        List.of(
            parse(MINIMAL),
            parse(CUB, "seeds.sampler=-9", "optimizer.groups.bias.lr=0"),
            parse(
                MINIMAL,
                "optimizer={\"name\":\"rmsprop\",\"centered\":true,\"groups\":{\"bias\":{\"momentum\":0.5,\"warmup\":2,\"clip\":{\"norm\":3}}}}",
                "schedule={\"name\":\"cosine\",\"epochs\":30,\"warmup\":{\"epochs\":2,\"from\":0}}",
                "clip.norm=2"),
            parse(
                MINIMAL, "schedule={\"name\":\"cosine\",\"floor\":0.1,\"warmup\":{\"steps\":20}}"),
            parse(MINIMAL, "optimizer.name=sgd", "schedule={\"name\":\"plateau\",\"patience\":2}"),
            parse("{\"data\":{\"dataset\":\"fashion-mnist\",\"classes\":[0,2,4]}}"))) {
      assertThat(parse(config.text())).isEqualTo(config);
    }
  }

  @Test
  void overridesReplaceValuesAndTheirPathsStartFromTheWorkingDirectory() {
    RunConfig config =
        parse(
            MINIMAL,
            "optimizer.lr=0.5",
            "loss.name=cosface",
            "loss.margin=0.3",
            "data.labels=z.npy");
    assertThat(config.optimizer().lr()).isEqualTo(0.5);
    assertThat(config.loss().name()).isEqualTo("cosface");
    assertThat(config.loss().params()).containsEntry("margin", "0.3");
    assertThat(config.data().labels()).isEqualTo(Path.of("z.npy").toAbsolutePath());
    assertThat(config.data().features()).isEqualTo(Path.of("/base/x.npy"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optimiser.lr=1 | --set: optimiser: unknown key (did you mean \"optimizer\"?)",
        "optimizer.weightdecay=1 | --set: optimizer.weightdecay: unknown key (did you mean \"weightDecay\"?)",
        "optimizer.lr=fast | --set: optimizer.lr: expected a number from 0 to 1000000, found \"fast\"",
        "optimizer.lr=-1 | --set: optimizer.lr: expected a number from 0 to 1000000, found -1",
        "optimizer.lr=1e999 | --set: optimizer.lr: expected a number from 0 to",
        "optimizer.lr=1e30 | --set: optimizer.lr: expected a number from 0 to 1000000, found 1E+30",
        "optimizer={\"lr\":1000,\"groups\":{\"bias\":{\"lrScale\":1e5}}} | optimizer.groups.bias.lrScale: makes a learning rate of 1.0E8, more than 1000000",
        "optimizer={\"name\":\"sgd\",\"lr\":1,\"weightDecay\":5} | optimizer.weightDecay: 5.0 with the learning rate 1.0 makes the weight grow in every step",
        "optimizer={\"name\":\"sgd\",\"nesterov\":true,\"lr\":1,\"weightDecay\":1.5} | (their product must be below 1.3571428571428572); lower one of them",
        "optimizer={\"name\":\"sgd\",\"nesterov\":true,\"momentum\":0} | --set: optimizer.nesterov: needs a momentum above 0; set one, or remove it",
        "optimizer.nesterov=true | --set: optimizer.nesterov: unknown key",
        "optimizer={\"name\":\"rmsprop\",\"beta1\":0.9} | --set: optimizer.beta1: unknown key",
        "optimizer={\"name\":\"rmsprop\",\"alpha\":1} | --set: optimizer.alpha: expected a number from 0 up to, not including, 1, found 1",
        "optimizer.groups.bias.momentum=0.5 | --set: optimizer.groups.bias.momentum: is sgd's and rmsprop's; adam has beta1, remove it",
        "optimizer={\"name\":\"sgd\",\"groups\":{\"bias\":{\"eps\":1}}} | --set: optimizer.groups.bias.eps: is Adam's and rmsprop's; sgd has none, remove it",
        "optimizer.groups.bias.warmup=-1 | --set: optimizer.groups.bias.warmup: expected an integer of at least 0, found -1",
        "optimizer.groups.bias.clip={\"value\":1,\"norm\":1} | --set: optimizer.groups.bias.clip.value: excludes norm; keep one of the two",
        "optimizer.groups.bias.clip.max=1 | --set: optimizer.groups.bias.clip.max: unknown key; the keys here are: value, norm",
        "optimizer.eps=1e300 | optimizer.eps: expected a number above 0 to 1000000",
        "earlyStop.minDelta=1e30 | earlyStop.minDelta: expected a number from 0",
        "optimizer.lr=1e-3*2 | --set: optimizer.lr: expected a number from 0 to 1000000, found \"1e-3*2\"",
        "optimizer.lr=__import__('os') | --set: optimizer.lr: expected a number",
        "optimizer.name=adm | --set: optimizer.name: expected one of sgd, adam, adamw, rmsprop (did you mean \"adam\"?)",
        "optimizer.momentum=0.9 | --set: optimizer.momentum: unknown key",
        "optimizer.groups.proxy.lr=1 | --set: optimizer.groups.proxy: unknown key (did you mean \"proxies\"?)",
        "optimizer=3 | --set: optimizer: expected an object {...}, found 3",
        "epochs=1.5 | --set: epochs: expected an integer of at least 0, found 1.5",
        "epochs=-1 | --set: epochs: expected an integer of at least 0, found -1",
        "epochs=99999999999 | --set: epochs: expected an integer of at least 0",
        "epochs=\"3\" | --set: epochs: expected an integer of at least 0, found \"3\"",
        "head.bias=yes | --set: head.bias: expected true or false, found \"yes\"",
        "head.embedding=0 | --set: head.embedding: expected an integer of at least 1, found 0",
        "loss.name=proxy-anker | --set: loss.name: loss: 'proxy-anker' is unknown; choose proxy-nca",
        "loss.Scale=1 | --set: loss.Scale: unknown key (did you mean \"scale\"?); the keys here are: name, scale",
        "loss.scale=1e9 | --set: loss.scale: proxy-nca-pp: scale 1.0E9 is outside 1.0E-4..10000.0",
        "loss={\"name\":\"cosface\",\"scale\":1e-300} | --set: loss.scale: cosface: scale 1.0E-300 is outside 1.0E-4..10000.0",
        "loss.scale=[1] | --set: loss.scale: expected a number, a string, true or false, found [1]",
        "data.dataset=mnist | --set: data.dataset: expected one of fashion-mnist, given (did you mean",
        "data.dataset=fashion-mnist | data.dataset: excludes features and labels",
        "data.classes=[1,1] | data.classes: names a class twice",
        "data.folder=/x | data.folder: belongs to data.dataset",
        "validation.fraction=1 | validation.fraction: expected a number from 0 up to, not including, 1",
        "validation.features=v.npy | validation.labels: is missing",
        "schedule.name=step | schedule.every: a step schedule needs every or milestones",
        "schedule={\"name\":\"step\",\"milestones\":[3,2]} | schedule.milestones: must be ascending",
        "schedule.name=cosin | --set: schedule.name: expected one of constant, step, plateau, cosine (did you mean \"cosine\"?)",
        "schedule={\"name\":\"cosine\",\"floor\":1} | --set: schedule.floor: expected a number from 0 up to, not including, 1, found 1",
        "schedule={\"name\":\"cosine\",\"epochs\":5} | --set: schedule.epochs: 5 of 20 epochs: after them the learning rates would be 0; raise it, or set floor above 0",
        "schedule={\"name\":\"cosine\",\"factor\":0.5} | --set: schedule.factor: unknown key",
        "schedule={\"name\":\"cosine\",\"warmup\":{\"epochs\":20}} | --set: schedule.warmup.epochs: 20 leave nothing of the cosine's 20 epochs; lower it",
        "schedule.warmup={\"epochs\":2,\"steps\":9} | --set: schedule.warmup.steps: excludes epochs; keep one of the two",
        "schedule.warmup={\"epochs\":2,\"from\":1} | --set: schedule.warmup.from: expected a number from 0 up to, not including, 1, found 1",
        "schedule.floor=0.1 | --set: schedule.floor: unknown key",
        "clip={\"value\":1,\"norm\":2} | --set: clip.value: excludes norm; keep one of the two",
        "clip.norm=-1 | --set: clip.norm: expected a number of at least 0, found -1",
        "clip.groups=[\"backbone\"] | clip.groups: \"backbone\" is no group; the groups are: weight, bias, proxies",
        "evaluate.metric=r@2 | evaluate.metric: \"r@2\" is not in evaluate.metrics",
        "sampler.batch=2000000 | sampler.batch: a batch of 2000000 is more than 1048576",
        "seed=0.5 | --set: seed: expected a 64-bit integer, found 0.5",
        "compute.threads=5000 | compute.threads: 5000 is more than 4096",
        "epochs | --set epochs: expected a.b=value",
        "epochs.count=3 | epochs.count: unknown",
        ".epochs=3 | --set .epochs=3: expected a.b=value",
      })
  void badValuesNameTheKeyAndWhatWasExpected(String override, String expected) {
    // "epochs.count" reaches below an absent value, so it becomes an object where a number belongs.
    String wanted = override.startsWith("epochs.count") ? "epochs: expected an integer" : expected;
    refused(() -> parse(MINIMAL, override), wanted).message().hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | c.json: expected an object",
        "{} | c.json: data.features: is missing",
        "{\"data\": | c.json: the JSON text ends too early",
        "{\"a\": 1, \"a\": 2} | c.json: key \"a\" appears twice",
        "{} {} | c.json: not JSON at line 1 column 5",
        "{'data': 1} | c.json: not JSON",
        "{\"seed\": NaN} | c.json: not JSON",
        "{\"seed\": 2+2} | c.json: not JSON",
        "{/* c */} | c.json: not JSON",
        "{\"a\\nb\": 1, \"data\":{\"dataset\":\"fashion-mnist\"}} | c.json: a?b: unknown key",
      })
  void badFilesNameTheFile(String json, String expected) {
    refused(() -> parse(json), expected).message().hasLineCount(1);
  }

  @Test
  void stoppingEarlyNeedsValidationData() {
    assertThatThrownBy(() -> parse(MINIMAL, "validation.fraction=0", "earlyStop.patience=3"))
        .hasMessageContaining("earlyStop: needs validation data; set validation.fraction");
    assertThatThrownBy(() -> parse(MINIMAL, "validation.fraction=0", "schedule.name=plateau"))
        .hasMessageContaining("schedule: plateau needs validation data");
  }

  @Test
  void filesThatCannotBeReadAreNamed(@TempDir Path folder) throws Exception {
    refused(
        () -> ConfigParser.parse(folder.resolve("none.json"), List.of()),
        "none.json: no such file");
    refused(() -> ConfigParser.parse(folder, List.of()), "cannot be read");
    Path bytes = Files.write(folder.resolve("b.json"), new byte[] {(byte) 0xC3, 0x28});
    refused(() -> ConfigParser.parse(bytes, List.of()), "not UTF-8");
  }

  @Test
  void mutatedFilesAreRefusedInOneLineOrRead() {
    Random random = new Random(20);
    int refused = 0;
    for (int i = 0; i < 4000; i++) {
      StringBuilder json = new StringBuilder(CUB);
      for (int m = random.nextInt(3); m >= 0; m--) {
        int at = random.nextInt(json.length());
        switch (random.nextInt(3)) {
          case 0 -> json.deleteCharAt(at);
          case 1 -> json.setCharAt(at, (char) random.nextInt(128));
          default -> json.insert(at, "{}[]\",:-0e9".charAt(random.nextInt(11)));
        }
      }
      Throwable thrown = catchThrowable(() -> parse(json.toString()));
      if (thrown != null) {
        refused++;
        assertThat(thrown).isInstanceOf(InputException.class);
        assertThat(thrown.getMessage()).hasLineCount(1);
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }
}
