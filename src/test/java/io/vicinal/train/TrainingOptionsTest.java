package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.loss.SoftTriple;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miners;
import io.vicinal.nn.ProxyStart;
import io.vicinal.sample.DisthistSampling;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling;
import io.vicinal.sample.Sampling.Need;
import io.vicinal.sample.WeightedSampling;
import io.vicinal.tensor.DType;
import io.vicinal.train.TrainingOptions.GroupName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TrainingOptionsTest {
  private static final TrainingOptions BASE = TrainingOptions.of(new ProxyAnchor());
  private static final Path X = Path.of("/x.npy");

  /** By key of docs/configuration.md: what the typed method writes, and the method. */
  private static Map<String, Map.Entry<String, UnaryOperator<TrainingOptions>>> methods() {
    Map<String, Map.Entry<String, UnaryOperator<TrainingOptions>>> all = new HashMap<>();
    Path x = Path.of("/x.npy");
    Path y = Path.of("/y.npy");
    put(all, "data.features", "\"/x.npy\"", o -> o.files(x, y));
    put(all, "data.labels", "\"/y.npy\"", o -> o.files(x, y));
    put(all, "data.dataset", "\"fashion-mnist\"", o -> o.dataset("fashion-mnist"));
    put(all, "data.folder", "\"/d\"", o -> o.dataset("fashion-mnist", Path.of("/d")));
    put(all, "data.classes", "[3,1]", o -> o.classes(3, 1));
    put(all, "data.classNames", "\"/x.npy\"", o -> o.classNames(x));
    put(all, "data.sampleNames", "\"/x.npy\"", o -> o.sampleNames(x));
    put(all, "validation.fraction", "0.25", o -> o.validation(0.25));
    put(all, "validation.by", "\"class\"", o -> o.validationByClass(0.2));
    put(all, "validation.features", "\"/x.npy\"", o -> o.validation(x, y));
    put(all, "validation.labels", "\"/y.npy\"", o -> o.validation(x, y));
    put(all, "validation.sampleNames", "\"/x.npy\"", o -> o.validation(x, y).validationNames(x));
    put(all, "evaluate.every", "3", o -> o.evaluateEvery(3));
    put(all, "evaluate.metrics", "[\"r@1\",\"r@8\"]", o -> o.metrics("r@1", "r@8"));
    put(all, "evaluate.metric", "\"r@8\"", o -> o.metrics("r@8", "r@1"));
    put(all, "evaluate.normalize", "false", o -> o.evaluateNormalized(false));
    put(all, "loss.name", "\"proxy-nca-pp\"", o -> o.loss(new ProxyNcaPlusPlus()));
    put(
        all,
        "loss.normalize",
        "false",
        o -> o.loss(TupleLosses.create("triplet", Map.of())).lossNormalized(false));
    put(
        all,
        "miner.name",
        "\"distance\"",
        o ->
            o.loss(TupleLosses.create("triplet", Map.of()))
                .miner(Miners.create("distance", Map.of())));
    UnaryOperator<TrainingOptions> memory =
        o -> o.loss(TupleLosses.create("triplet", Map.of())).memory(64, 3);
    put(all, "memory.size", "64", memory);
    put(all, "memory.start", "3", memory);
    put(
        all,
        "memory.momentum",
        "0.9",
        o -> o.loss(TupleLosses.create("moco", Map.of())).memoryMomentum(0.9));
    put(all, "head.embedding", "7", o -> o.embedding(7));
    put(all, "head.bias", "false", o -> o.bias(false));
    put(all, "head.proxies", "\"normal\"", o -> o.proxies(ProxyStart.NORMAL));
    put(all, "optimizer.name", "\"adamw\"", o -> o.adamw(0.01));
    put(all, "optimizer.lr", "0.01", o -> o.adam(0.01));
    put(all, "optimizer.momentum", "0.5", o -> o.sgd(0.1, 0.5));
    put(all, "optimizer.nesterov", "true", o -> o.nesterov(0.1, 0.5));
    put(all, "optimizer.alpha", "0.9", o -> o.rmsprop(0.1, 0.9, 1, 0.5, true));
    put(all, "optimizer.centered", "true", o -> o.rmsprop(0.1, 0.9, 1, 0.5, true));
    put(all, "optimizer.beta1", "0.8", o -> o.adam(0.1, 0.8, 0.9, 1));
    put(all, "optimizer.beta2", "0.95", o -> o.adamw(0.1, 0.8, 0.95, 1));
    put(all, "optimizer.eps", "1.0", o -> o.adam(0.1, 0.8, 0.9, 1));
    put(all, "optimizer.weightDecay", "0.5", o -> o.weightDecay(0.5));
    put(all, "optimizer.groups.weight.lr", "0.3", o -> o.lr(GroupName.WEIGHT, 0.3));
    put(all, "optimizer.groups.weight.warmup", "3", o -> o.warmup(GroupName.WEIGHT, 3));
    put(all, "optimizer.groups.weight.clip.norm", "2.0", o -> o.clipNorm(GroupName.WEIGHT, 2));
    put(all, "schedule.floor", "0.1", o -> o.cosineRate(0.1));
    put(all, "schedule.epochs", "50", o -> o.cosineRate(0.1, 50));
    put(all, "schedule.warmup.steps", "7", o -> o.risingSteps(7, 0.2).cosineRate(0.1));
    put(all, "schedule.warmup.epochs", "3", o -> o.risingEpochs(3, 0.2));
    put(all, "schedule.warmup.from", "0.2", o -> o.reduceEvery(2, 0.5).risingEpochs(3, 0.2));
    put(all, "schedule.name", "\"plateau\"", o -> o.reduceOnPlateau(1, 0.5));
    put(all, "schedule.every", "2", o -> o.reduceEvery(2, 0.5));
    put(all, "schedule.milestones", "[2,5]", o -> o.reduceAt(0.5, 2, 5));
    put(all, "schedule.factor", "0.5", o -> o.reduceEvery(2, 0.5));
    put(all, "schedule.patience", "9", o -> o.reduceOnPlateau(9, 0.5));
    put(all, "clip.value", "2.0", o -> o.clip(2));
    put(all, "clip.norm", "2.0", o -> o.clipNorm(2, GroupName.BIAS));
    put(all, "clip.groups", "[\"bias\"]", o -> o.clip(2, GroupName.BIAS));
    put(all, "sampler.name", "\"balanced\"", o -> o.balancedBatch(5, 6));
    put(all, "sampler.batch", "33", o -> o.batch(33));
    put(all, "sampler.dropLast", "false", o -> o.batch(33, false));
    put(all, "sampler.classes", "5", o -> o.balancedBatch(5, 6));
    put(all, "sampler.samples", "6", o -> o.balancedBatch(5, 6));
    put(all, "sampler.file", "\"/x.npy\"", o -> o.sampler(new WeightedSampling(9, false), X));
    put(all, "epochs", "3", o -> o.epochs(3));
    put(all, "warmup.epochs", "2", o -> o.warmup(2));
    put(all, "warmup.groups", "[\"proxies\"]", o -> o.warmup(2, GroupName.PROXIES));
    put(all, "average.decay", "0.9", o -> o.average(0.9));
    put(all, "earlyStop.patience", "4", o -> o.earlyStop(4));
    put(all, "earlyStop.minDelta", "0.01", o -> o.earlyStop(4, 0.01));
    put(all, "checkpointSteps", "10", o -> o.checkpointSteps(10));
    put(all, "seed", "-5", o -> o.seed(-5));
    put(all, "seeds.head", "1", o -> o.headSeed(1));
    put(all, "seeds.sampler", "2", o -> o.samplerSeed(2));
    put(all, "seeds.validation", "3", o -> o.validationSeed(3));
    put(all, "compute.device", "\"cuda:1\"", o -> o.device("cuda:1"));
    put(all, "compute.threads", "2", o -> o.threads(2));
    put(all, "compute.dtype", "\"float64\"", o -> o.dtype(DType.F64));
    put(all, "compute.isa", "\"avx2\"", o -> o.isa("avx2"));
    put(all, "compute.workspaceMiB", "64", o -> o.workspaceMiB(64));
    put(all, "compute.precision", "\"tf32\"", o -> o.precision("tf32"));
    return all;
  }

  private static void put(
      Map<String, Map.Entry<String, UnaryOperator<TrainingOptions>>> all,
      String key,
      String value,
      UnaryOperator<TrainingOptions> method) {
    all.put(key, Map.entry(value, method));
  }

  private static String at(TrainingOptions options, String path) {
    JsonElement at = options.config().json();
    for (String key : path.split("\\.")) {
      at = at instanceof JsonObject object ? object.get(key) : null;
    }
    return String.valueOf(at);
  }

  @Test
  void everyKeyHasAMethod() throws IOException {
    String page = Files.readString(Path.of("docs", "configuration.md"));
    List<String> documented =
        Pattern.compile("^\\| `([A-Za-z0-9.]+)` \\|", Pattern.MULTILINE)
            .matcher(page.substring(0, page.indexOf("## The run folder")))
            .results()
            .map(found -> found.group(1))
            .toList();
    assertThat(methods().keySet()).containsExactlyInAnyOrderElementsOf(documented);
    methods()
        .forEach(
            (key, method) -> {
              TrainingOptions changed = method.getValue().apply(BASE);
              assertThat(at(changed, key)).as(key).isEqualTo(method.getKey());
              assertThat(at(BASE, key)).as(key + " unset").isNotEqualTo(method.getKey());
            });
  }

  @Test
  void optionsAndConfigurationAreOneObject() {
    assertThat(TrainingOptions.of(new ProxyNcaPlusPlus()).config().withEpochs(3).json())
        .isEqualTo(
            RunConfig.defaults(
                    "loss={\"name\":\"proxy-nca-pp\",\"scale\":3.0,\"exclude-positive\":false}",
                    "epochs=3")
                .json());
    methods()
        .forEach(
            (key, method) -> {
              TrainingOptions options = method.getValue().apply(BASE);
              RunConfig read =
                  ConfigParser.parse(options.toString(), "c.json", Path.of("/"), List.of());
              assertThat(read).as(key).isEqualTo(options.config());
              assertThat(TrainingOptions.of(read)).as(key).isEqualTo(options);
            });
  }

  @Test
  void everySamplerArrivesAsItWas() {
    for (String name : Samplers.names()) {
      Sampling sampling = Samplers.create(name, Map.of());
      Path file = Arrays.stream(Samplers.facts(name).needs()).anyMatch(Need::isFile) ? X : null;
      assertThat(BASE.sampler(sampling, file).config().sampler().sampling()).isEqualTo(sampling);
    }
    Sampling own = new DisthistSampling(3, 9, 77, 5, 6);
    assertThat(BASE.sampler(own).config().sampler().sampling()).isEqualTo(own);
    assertThatThrownBy(() -> BASE.sampler(new DisthistSampling(3, 9, 77, 0, 6)))
        .hasMessageContaining("sampler.candidates: expected an integer from 1 to 1000000, found 0");
  }

  @Test
  void everyLossArrivesAsItWas() {
    for (String name : Losses.names()) {
      Loss loss = Losses.create(name);
      assertThat(Parts.loss(TrainingOptions.of(loss).config())).isEqualTo(loss);
    }
    Loss own = new SoftTriple(9, 0.2, 0.02, 0.3, 4);
    assertThat(Parts.loss(TrainingOptions.of(own).config())).isEqualTo(own);
    assertThatThrownBy(
            () -> TrainingOptions.of(new ProxyAnchor(0.1, -3, false, false, false, false)))
        .hasMessageContaining("proxy-anchor: alpha -3.0 is outside 1.0E-4..10000.0");
  }

  @Test
  void defaultsFollowWhatWasSet() {
    assertThat(BASE.adamw(0.01).config().optimizer().weightDecay()).isEqualTo(0.01);
    assertThat(BASE.weightDecay(0.3).adamw(0.01).config().optimizer().weightDecay()).isEqualTo(0.3);
    assertThat(BASE.metrics("r@4").config().evaluate().metric()).isEqualTo("r@4");
    TrainingOptions grouped =
        BASE.lr(GroupName.PROXIES, 1)
            .lrScale(GroupName.PROXIES, 100)
            .eps(GroupName.BIAS, 2)
            .adam(0.5);
    assertThat(grouped.config().optimizer().lr("proxies")).isEqualTo(50);
    assertThat(grouped.config().optimizer().eps("bias")).isEqualTo(2);
    assertThat(grouped.weightDecay(GroupName.BIAS, 7).config().optimizer().weightDecay("bias"))
        .isEqualTo(7);
    assertThat(BASE.reduceEvery(2, 0.5).constantRate()).isEqualTo(BASE);
    RunConfig own = BASE.rmsprop(0.1).momentum(GroupName.BIAS, 0.5).clip(3).config();
    assertThat(own.optimizer().momentum("bias")).isEqualTo(0.5);
    assertThat(own.optimizer().momentum("weight")).isZero();
    assertThat(own.optimizer().clip("bias")).isNull();
    assertThat(BASE.clip(GroupName.BIAS, 0).config().optimizer().clip("bias").value()).isZero();
    assertThat(BASE.files(Path.of("x"), Path.of("y")).dataset("given")).isEqualTo(BASE);
  }

  @Test
  void aValueThatDoesNotFitIsRefusedWhereItIsSet() {
    refused(o -> o.epochs(-1), "epochs: expected an integer of at least 0, found -1");
    refused(o -> o.embedding(0), "head.embedding: expected an integer of at least 1, found 0");
    refused(
        o -> o.adam(Double.NaN), "optimizer.lr: expected a number from 0 to 1000000, found NaN");
    refused(o -> o.sgd(0.1, 1), "optimizer.momentum: expected a number from 0 up to");
    refused(o -> o.adam(0.1, 0.9, 0.9, 0), "optimizer.eps: expected a number above 0");
    refused(o -> o.lr(GroupName.BIAS, -1), "optimizer.groups.bias.lr: expected a number from 0 to");
    refused(o -> o.sgd(0.1, 0).eps(GroupName.BIAS, 1), "optimizer.groups.bias.eps: is Adam's");
    refused(o -> o.reduceAt(0.1, 5, 3), "schedule.milestones: must be ascending");
    refused(o -> o.reduceEvery(0, 0.5), "schedule.every: a step schedule needs every");
    refused(o -> o.validation(1), "validation.fraction: expected a number from 0");
    refused(o -> o.earlyStop(3).validation(0), "earlyStop: needs validation data");
    refused(o -> o.classes(1, 1), "data.classes: names a class twice");
    refused(o -> o.dataset("mnist"), "data.dataset: expected one of fashion-mnist, given");
    refused(o -> o.dtype(DType.I64), "compute.dtype: expected one of float32, float64");
    refused(o -> o.threads(5000), "compute.threads: 5000 is more than 4096");
  }

  private static void refused(Consumer<TrainingOptions> wrong, String sentence) {
    refusedAt(() -> wrong.accept(BASE), "TrainingOptions: " + sentence);
  }
}
