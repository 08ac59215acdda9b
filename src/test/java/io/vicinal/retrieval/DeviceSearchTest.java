package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.TestDevice;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The search of a GPU against FAISS's on the processor: the same ids, the same bits. */
@EnabledIfSystemProperty(named = "vicinal.test.device", matches = "cuda.*")
class DeviceSearchTest {
  private static final int ROWS = 260;
  private static final int WIDTH = 6;

  private final Backend backend =
      Backend.open(TestDevice.name(), new BackendOptions(0, 1 << 20, "auto"));
  private final Arena host = Arena.host();
  private final Arena there = new Arena(backend.memory());

  @AfterEach
  void close() {
    host.close();
    there.close();
    backend.close();
  }

  /** Rows around few centres, some of them equal. */
  private static float[] rows(long seed) {
    Random random = new Random(seed);
    float[] values = new float[ROWS * WIDTH];
    for (int i = 0; i < ROWS; i++) {
      boolean same = random.nextInt(4) == 0;
      for (int j = 0; j < WIDTH; j++) {
        values[i * WIDTH + j] =
            (i % 9 * 7 + j * 5) % 11 + (same ? 0 : (float) random.nextGaussian() * 0.1f);
      }
    }
    return values;
  }

  /** Every block of queries finds its rows on the device: they cross once for an evaluation. */
  @Test
  void anEvaluationsRowsAreThereBeforeItsFirstSearch() {
    List<Object> seen = new ArrayList<>();
    Backend watched =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (self, method, arguments) -> {
                  if (Set.of("rank", "nearest").contains(method.getName())) {
                    seen.add(((Tensor) arguments[0]).device());
                    seen.add(((Tensor) arguments[1]).device());
                  }
                  return method.invoke(backend, arguments);
                });
    Tensor x = host.of(rows(1), ROWS, WIDTH);
    long[] classes = IntStream.range(0, ROWS).mapToLong(i -> i % 9).toArray();
    Tensor labels = host.of(classes, ROWS);
    for (EvaluationOptions.Method method : EvaluationOptions.Method.values()) {
      for (boolean normalize : new boolean[] {false, true}) {
        EvaluationOptions options =
            EvaluationOptions.of("r@1").withNormalize(normalize).withMethod(method);
        Evaluation found = new Evaluator(watched).evaluate(x, labels, options);
        try (Backend cpu = Backend.cpu()) {
          assertThat(found.values())
              .isEqualTo(new Evaluator(cpu).evaluate(x, labels, options).values());
        }
      }
    }
    assertThat(seen).hasSizeGreaterThan(7).containsOnly(backend.device());
  }

  @Test
  void bothGiveTheSameBitsWhereverTheRowsLie() {
    Tensor x = host.of(rows(1), ROWS, WIDTH);
    Tensor y = host.of(rows(2), ROWS, WIDTH);
    Tensor onDevice = there.allocate(DType.F32, ROWS, WIDTH);
    onDevice.copyFrom(x);
    long[] self = LongStream.range(0, ROWS).toArray();
    for (int k : new int[] {1, 13, ROWS - 1}) {
      NeighbourList expected = Neighbours.search(x, x, k, self, 2);
      for (Tensor rows : new Tensor[] {x, onDevice}) {
        NeighbourList found = Neighbours.search(rows, rows, k, self, backend);
        assertThat(found.ids()).isEqualTo(expected.ids());
        assertThat(found.distances()).isEqualTo(expected.distances());
      }
      NeighbourList crossed = Neighbours.search(y, onDevice, k, null, backend);
      assertThat(crossed.ids()).isEqualTo(Neighbours.search(y, x, k, null, 2).ids());
    }
  }

  @Test
  void theProcessorRefusesRowsOfTheDevice() {
    Tensor onDevice = there.allocate(DType.F32, ROWS, WIDTH);
    refused(() -> Neighbours.search(onDevice, onDevice, 1, null, 1), "lies on cuda");
  }

  @Test
  void metricsFromListsAreThoseOfTheProcessor() {
    Tensor x = host.of(rows(3), ROWS, WIDTH);
    Tensor labels = host.of(IntStream.range(0, ROWS).mapToLong(i -> i % 9).toArray(), ROWS);
    EvaluationOptions options =
        EvaluationOptions.of("r@1,rp,map@r,map").withMethod(EvaluationOptions.Method.NEIGHBOURS);
    try (Backend cpu = Backend.cpu()) {
      Evaluation expected = new Evaluator(cpu).evaluate(x, labels, options);
      Evaluation found = new Evaluator(backend).evaluate(x, labels, options);
      assertThat(found).isEqualTo(expected);
      assertThat(found.values().get("map")).isBetween(0.5, 1.0);
    }
  }

  /** Sums, spectra, answers, votes, cosine clusters and pairs take the device's operations too. */
  @Test
  void allMetricsAreThoseOfTheProcessor() {
    Tensor x = host.of(rows(4), ROWS, WIDTH);
    Tensor labels = host.of(IntStream.range(0, ROWS).mapToLong(i -> i % 9).toArray(), ROWS);
    String wanted =
        "ndcg@5,vote-acc@5,vote-logl@5,unc-cos,unc-l2,unc-norm,nmi/cosine,intra,inter,rho@1,"
            + "norm@50,fnmr@0.1,opis";
    try (Backend cpu = Backend.cpu()) {
      Evaluation found = new Evaluator(backend).evaluate(x, labels, EvaluationOptions.of(wanted));
      new Evaluator(cpu)
          .evaluate(x, labels, EvaluationOptions.of(wanted))
          .values()
          .forEach(
              (id, value) -> assertThat(found.value(id)).as(id).isCloseTo(value, offset(1e-6)));
      PairStream there = new PairStream(backend, measured(backend, x, labels), 0);
      PairStream here = new PairStream(cpu, measured(cpu, x, labels), 0);
      assertThat(OperatingPoint.choose(there, 0.1).distance())
          .isCloseTo(OperatingPoint.choose(here, 0.1).distance(), offset(1e-4));
    }
  }

  private MeasuredRows measured(Backend on, Tensor x, Tensor labels) {
    return MeasuredRows.of(on, x, labels, null, null, true, on == backend ? this.there : host);
  }
}
