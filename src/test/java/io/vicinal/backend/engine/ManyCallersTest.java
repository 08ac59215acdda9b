package io.vicinal.backend.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Patience;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.process.Turns;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What fifty threads on one backend hold, counted. */
@Timeout(Patience.SECONDS)
class ManyCallersTest {
  private static final int CALLERS = 50;
  private static final LossSpec SOFTMAX =
      new LossSpec("normalized-softmax", Map.of("temperature", 0.05));

  @Test
  void fewEnginesWorkAtOnceAndTheOthersWait() throws Exception {
    NativeLibrary.load();
    CountDownLatch gate = new CountDownLatch(1);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try (EnginePool pool = new EnginePool(Device.CPU, BackendOptions.defaults())) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(
            callers.submit(
                () ->
                    pool.run(
                        "call",
                        engine -> {
                          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                          await(gate);
                          inside.decrementAndGet();
                          return Vicinal.VICINAL_OK;
                        })));
      }
      while (Turns.ofThisProcess().waiting() < CALLERS - Turns.CALLS) {
        Thread.sleep(1); // which the timeout interrupts
      }
      assertThat(inside.get()).isEqualTo(Turns.CALLS);
      gate.countDown();
      for (Future<?> call : calls) {
        call.get();
      }
      assertThat(most.get()).isEqualTo(Turns.CALLS);
      assertThat(pool.idle()).isBetween(1, Turns.CALLS);
    } finally {
      callers.shutdownNow();
    }
  }

  /** More calls of one thread than engines are kept. */
  @Test
  void enginesBeyondTheKeptOnesGoWhenTheirCallReturns() throws Exception {
    NativeLibrary.load();
    int calls = Math.min(Turns.CALLS + 1, Turns.ofThisProcess().capacity());
    CyclicBarrier together = new CyclicBarrier(calls);
    ExecutorService callers = Executors.newFixedThreadPool(calls);
    try (EnginePool pool = new EnginePool(Device.CPU, BackendOptions.defaults().withThreads(1))) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        running.add(callers.submit(() -> pool.run("call", engine -> meet(together))));
      }
      for (Future<?> call : running) {
        call.get();
      }
      assertThat(pool.idle()).isBetween(1, Turns.CALLS);
    } finally {
      callers.shutdownNow();
    }
  }

  private static int meet(CyclicBarrier others) {
    try {
      others.await();
      return Vicinal.VICINAL_OK;
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the process may take is asked again for calls, not once. */
  @Test
  void theMemoryLimitIsThatOfNow() {
    NativeLibrary.load();
    long stale = Long.MAX_VALUE / 2;
    Vicinal.vicinal_memory_set_limit("cpu", stale);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Patience.SECONDS);
    long[] limit = {stale};
    try (EnginePool pool = new EnginePool(Device.CPU, BackendOptions.defaults())) {
      while (limit[0] == stale && System.nanoTime() < end) {
        pool.run("call", engine -> Vicinal.VICINAL_OK);
        Vicinal.vicinal_memory_usage("cpu", new long[1], new long[1], limit);
      }
    }
    assertThat(limit[0]).isBetween(0L, stale - 1);
  }

  private static void await(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void workspacesAreBoundedAndGoWithTheBackend() throws Exception {
    NativeLibrary.load();
    long before = NativeMemory.held();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try (Arena arena = Arena.host()) {
      int n = 2000;
      HeadTensors head =
          new HeadTensors(arena.of(ones(64 * 32), 32, 64), null, arena.of(ones(10 * 32), 10, 32));
      var features = arena.of(ones(n * 64), n, 64);
      Targets targets = Targets.of(arena.allocate(DType.I64, n));
      long one;
      try (Backend backend = Backend.cpu();
          Arena own = Arena.host()) {
        backend.headGradient(SOFTMAX, 10, features, targets, head, null, like(own));
        one = NativeMemory.held() - before;
      }
      assertThat(one).isPositive();
      assertThat(NativeMemory.held()).isEqualTo(before);
      Backend backend = Backend.cpu();
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(
            callers.submit(
                () -> {
                  try (Arena own = Arena.host()) {
                    backend.headGradient(SOFTMAX, 10, features, targets, head, null, like(own));
                  }
                }));
      }
      for (Future<?> call : calls) {
        call.get();
      }
      assertThat(NativeMemory.held() - before).isBetween(one, Turns.CALLS * one);
      backend.close();
      assertThat(NativeMemory.held()).isEqualTo(before);
    } finally {
      callers.shutdownNow();
    }
  }

  private static HeadTensors like(Arena arena) {
    return new HeadTensors(
        arena.allocate(DType.F32, 32, 64), null, arena.allocate(DType.F32, 10, 32));
  }

  private static float[] ones(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 1 + i % 7;
    }
    return values;
  }
}
