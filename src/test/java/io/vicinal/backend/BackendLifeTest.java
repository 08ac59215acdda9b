package io.vicinal.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.CancelledException;
import io.vicinal.Patience;
import io.vicinal.process.InterruptedCall;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads, interrupts, closing and memory of a backend. */
class BackendLifeTest {
  private static final LossSpec SOFTMAX =
      new LossSpec("normalized-softmax", Map.of("temperature", 0.05));

  private long live;

  @BeforeEach
  void count() {
    live = HostMemory.liveBytes();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(HostMemory.liveBytes()).isEqualTo(live);
  }

  /** A dataset with a head over it. */
  private static final class Problem {
    final Tensor features;
    final Targets targets;
    final HeadTensors head;
    final HeadTensors gradient;
    final long classes;

    Problem(Arena arena, DType type, long n, long width, long d, long classes) {
      this.classes = classes;
      features = random(arena, type, 1, n, width);
      long[] labels = new long[(int) n];
      for (int i = 0; i < n; i++) {
        labels[i] = i % classes;
      }
      targets = Targets.of(arena.of(labels, n));
      head =
          new HeadTensors(
              random(arena, type, 2, d, width),
              random(arena, type, 3, d),
              random(arena, type, 4, classes, d));
      gradient = like(arena, head);
    }

    LossValue gradient(Backend backend) {
      return backend.headGradient(SOFTMAX, classes, features, targets, head, null, gradient);
    }

    Backend.Curvature curvature(Backend backend) {
      return backend.curvature(SOFTMAX, classes, features, targets, head);
    }
  }

  private static HeadTensors like(Arena arena, HeadTensors head) {
    return new HeadTensors(
        arena.allocate(head.weight().dtype(), head.weight().shape()),
        arena.allocate(head.bias().dtype(), head.bias().shape()),
        arena.allocate(head.proxies().dtype(), head.proxies().shape()));
  }

  private static Tensor random(Arena arena, DType type, long seed, long... shape) {
    Tensor tensor = arena.allocate(type, shape);
    tensor.set(new SplittableRandom(seed).doubles(tensor.size(), -1, 1).toArray());
    return tensor;
  }

  @Test
  @Timeout(Patience.SECONDS)
  void interruptStopsALongGradient() throws InterruptedException {
    try (Backend backend = Backend.open("cpu", new BackendOptions(1, 0, "base"));
        Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F64, 40_000, 16, 256, 10_000);
      InterruptedCall.of(() -> problem.gradient(backend));
      // The engine is usable afterwards, and the next call is not cancelled.
      Problem small = new Problem(arena, DType.F64, 20, 5, 4, 3);
      assertThat(small.gradient(backend).loss()).isFinite();
    }
  }

  @Test
  @Timeout(Patience.SECONDS)
  void interruptStopsLongCurvatureCalls() throws InterruptedException {
    try (Backend backend = Backend.open("cpu", new BackendOptions(1, 0, "base"));
        Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F64, 40_000, 16, 256, 10_000);
      InterruptedCall.of(() -> problem.curvature(backend).close());
      Problem some = new Problem(arena, DType.F64, 6_000, 16, 256, 6_000);
      HeadTensors direction = some.gradient;
      direction.weight().copyFrom(some.head.weight());
      HeadTensors out = like(arena, some.head);
      try (Backend.Curvature curvature = some.curvature(backend)) {
        InterruptedCall.of(
            () -> {
              while (true) {
                curvature.hvp(direction, out);
              }
            });
      }
    }
  }

  @Test
  void anInterruptedThreadDoesNotStart() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F32, 20, 5, 4, 3);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> problem.gradient(backend)).isInstanceOf(CancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(problem.gradient(backend).loss()).isFinite();
    }
  }

  @Test
  @Timeout(Patience.SECONDS)
  void eightThreadsGetTheSameBitsAsOne() throws Exception {
    try (Backend backend = Backend.open("cpu", BackendOptions.defaults().withThreads(2));
        Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F32, 700, 33, 17, 12);
      double loss = problem.gradient(backend).loss();
      float[] expected = problem.gradient.weight().toFloats();
      HeadTensors product = like(arena, problem.head);
      try (Backend.Curvature curvature = problem.curvature(backend)) {
        curvature.hvp(problem.head, product);
        float[] expectedProduct = product.weight().toFloats();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<?>> results = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
          results.add(
              threads.submit(
                  () -> {
                    try (Arena own = Arena.host()) {
                      HeadTensors mine = like(own, problem.head);
                      for (int i = 0; i < 20; i++) {
                        LossValue value =
                            backend.headGradient(
                                SOFTMAX,
                                12,
                                problem.features,
                                problem.targets,
                                problem.head,
                                null,
                                mine);
                        assertThat(value.loss()).isEqualTo(loss);
                        assertThat(mine.weight().toFloats()).isEqualTo(expected);
                        curvature.hvp(problem.head, mine);
                        assertThat(mine.weight().toFloats()).isEqualTo(expectedProduct);
                      }
                    }
                    return null;
                  }));
        }
        for (Future<?> result : results) {
          result.get(Patience.SECONDS, TimeUnit.SECONDS);
        }
        threads.shutdown();
      }
    }
  }

  @Test
  void twoBackendsWithDifferentThreadsAgree() {
    try (Backend one = Backend.open("cpu", BackendOptions.defaults().withThreads(1));
        Backend two = Backend.open("cpu", BackendOptions.defaults().withThreads(2));
        Arena arena = Arena.host()) {
      assertThat(one.threads()).isEqualTo(1);
      assertThat(two.threads()).isEqualTo(2);
      Problem problem = new Problem(arena, DType.F64, 300, 9, 7, 5);
      double first = problem.gradient(one).loss();
      assertThat(problem.gradient(one).loss()).isEqualTo(first);
      assertThat(problem.gradient(two).loss()).isCloseTo(first, within(1e-12 * first));
    }
  }

  @Test
  void closedBackendsAndCurvaturesSaySo() {
    Backend backend = Backend.cpu();
    try (Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F32, 20, 5, 4, 3);
      HeadTensors out = like(arena, problem.head);
      Backend.Curvature closed = problem.curvature(backend);
      closed.hvp(problem.head, out);
      closed.close();
      closed.close();
      assertThatThrownBy(() -> closed.hvp(problem.head, out))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("curvature");

      // Borrowed tensors stay mapped for the curvature, but their contents are gone for the user.
      Arena data = Arena.host();
      Problem lost = new Problem(data, DType.F32, 20, 5, 4, 3);
      try (Backend.Curvature curvature = lost.curvature(backend)) {
        data.close();
        assertThatThrownBy(() -> curvature.hvp(problem.head, out))
            .isInstanceOf(IllegalStateException.class);
      }

      backend.close();
      backend.close();
      assertThatThrownBy(() -> problem.gradient(backend))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("backend");
    }
  }

  @Test
  void manyShortLivesLeakNothing() {
    for (int i = 0; i < 20; i++) {
      try (Backend backend = Backend.cpu();
          Arena arena = Arena.host()) {
        Problem problem = new Problem(arena, DType.F32, 20, 5, 4, 3);
        problem.gradient(backend);
        try (Backend.Curvature curvature = problem.curvature(backend)) {
          curvature.hvp(problem.head, problem.gradient);
        }
      }
      assertThat(HostMemory.liveBytes()).isEqualTo(live);
    }
  }

  /** The closer closes when the call has worked for a while; the interrupt comes after that. */
  @Test
  @Timeout(Patience.SECONDS)
  void closingEverythingDuringACallIsSafe() throws InterruptedException {
    Backend backend = Backend.open("cpu", new BackendOptions(1, 0, "base"));
    Arena arena = Arena.host();
    Problem problem = new Problem(arena, DType.F64, 40_000, 16, 256, 10_000);
    InterruptedCall.of(
        () -> problem.gradient(backend),
        () -> {
          arena.close();
          backend.close();
        });
    // The memory went when the call had returned: see nothingIsLeft.
  }

  @Test
  void aCurvatureMayOutliveItsBackend() {
    try (Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F32, 20, 5, 4, 3);
      Backend backend = Backend.cpu();
      Backend.Curvature curvature = problem.curvature(backend);
      backend.close();
      assertThatThrownBy(() -> curvature.hvp(problem.head, problem.gradient))
          .isInstanceOf(IllegalStateException.class);
      curvature.close();
    }
  }

  /** What outlives a call belongs to no scope of JavaCPP's that its caller had open. */
  @Test
  @SuppressWarnings("try") // the scope is open, not used
  void aPointerScopeThatWasOpenFreesNothing() {
    LossSpec other = new LossSpec("cosface", Map.of("margin", 0.2, "scale", 7.0));
    try (Arena arena = Arena.host()) {
      Problem problem = new Problem(arena, DType.F64, 20, 5, 4, 3);
      HeadTensors product = like(arena, problem.head);
      Tensor x = random(arena, DType.F64, 5, 7);
      Tensor total = arena.allocate(DType.F64);
      Backend backend;
      Backend.Curvature curvature;
      CompiledProgram program;
      double loss;
      try (PointerScope scope = new PointerScope()) {
        backend = Backend.cpu();
        loss = problem.gradient(backend).loss();
        curvature = problem.curvature(backend);
        program =
            backend.compile(
                "x = input type=real rank=1\n%1 = sum x axes=all\noutput total %1\n",
                List.of("x"), List.of("total"));
        program.run(List.of(x), List.of(total));
      }
      double sum = total.at(0);
      total.set(new double[] {0});
      try (backend;
          curvature;
          program;
          Backend another = Backend.cpu()) {
        assertThat(
                another.headGradient(
                    other, 3, problem.features, problem.targets, problem.head, null, product))
            .isEqualTo(
                backend.headGradient(
                    other, 3, problem.features, problem.targets, problem.head, null, product));
        assertThat(problem.gradient(backend).loss()).isEqualTo(loss);
        assertThat(problem.gradient(another).loss()).isEqualTo(loss);
        curvature.hvp(problem.head, product);
        program.run(List.of(x), List.of(total));
        assertThat(total.at(0)).isEqualTo(sum);
      }
    }
  }
}
