package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The steps of a training are one call again and again, to the address: what a device needs that
 * replays calls. A batch that is smaller, or a group that is frozen, makes another call.
 */
class RepeatedStepTest {
  private static final RunConfig CONFIG =
      RunConfig.defaults(
          "loss.name=soft-triple",
          "loss.centers=2",
          "head.embedding=6",
          "sampler={\"name\":\"balanced\",\"classes\":4,\"samples\":5}",
          "warmup={\"epochs\":1,\"groups\":[\"weight\"]}",
          "clip.value=1",
          "validation.fraction=0.2",
          "epochs=4");

  /** The addresses of every head gradient that was asked for. */
  private final List<String> steps = new ArrayList<>();

  /** How often each operation was asked for. */
  private final Map<String, Integer> calls = new TreeMap<>();

  private Object noted(Backend backend, Method method, Object[] arguments) throws Throwable {
    if (arguments != null) {
      calls.merge(method.getName(), 1, Integer::sum);
    }
    if (method.getName().equals("headGradient")) {
      Targets targets = (Targets) arguments[3];
      steps.add(
          Stream.of(
                  Stream.of((Tensor) arguments[2], targets.labels(), targets.weights()),
                  tensors((HeadTensors) arguments[4]),
                  tensors((HeadTensors) arguments[6]))
              .flatMap(s -> s)
              .map(t -> t == null ? "none" : t.address() + " " + t.shape())
              .collect(Collectors.joining(", ")));
    }
    try {
      return method.invoke(backend, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static Stream<Tensor> tensors(HeadTensors head) {
    return Stream.of(head.weight(), head.bias(), head.proxies());
  }

  private Backend noting(Backend backend) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> noted(backend, method, arguments));
  }

  @Test
  void ofARun(@TempDir Path path) {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        RunFolder folder = RunFolder.open(path.resolve("run"), RunMode.NEW)) {
      Backend backend = noting(cpu);
      FeatureSet clouds = Samples.clouds(arena, 240, 12, 6);
      TrainingSet data = TrainingSet.load(CONFIG, clouds, backend, arena, note -> {});
      MetricFn metric = new RetrievalMetrics(backend, CONFIG.evaluate());
      new TrainingRun(
              CONFIG, new FolderKeeper(folder), backend, data, metric, TrainingListener.NONE, arena)
          .run(false);
    }
    assertRepeated();
  }

  @Test
  void ofAHead() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host()) {
      FeatureSet clouds = Samples.clouds(arena, 240, 12, 6);
      long[] labels = Arrays.stream(clouds.labels().toLongs()).map(y -> y - 10).toArray();
      HeadTraining.of(noting(cpu), CONFIG)
          .train(clouds.features(), Supervision.hard(6, labels), arena);
    }
    assertRepeated();
    // A batch, its gradient, one step of all parameters: a call each.
    int all = steps.size();
    assertThat(calls).isEqualTo(Map.of("gatherRows", all, "headGradient", all, "update", all));
  }

  private void assertRepeated() {
    assertThat(steps).hasSizeGreaterThan(30);
    assertThat(steps.stream().distinct()).hasSize(2); // with the weight frozen, and thawed
  }
}
