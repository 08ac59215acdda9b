package io.vicinal.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.CancelledException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A native call that is interrupted, judged by its thread's processor time: that passes beside busy
 * neighbours, who take wall time and never this. The interrupt comes when the call has worked for a
 * while, so the call must be one that would work for much longer; how long it works on is bounded
 * by what a second of an idle machine holds.
 */
public final class InterruptedCall {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long BEGUN = 200_000_000; // nanoseconds of processor time
  private static final long STOPPED = 1_000_000_000;

  private InterruptedCall() {}

  /** Interrupts {@code call} in the middle and checks that it ends soon, as it should. */
  public static CancelledException of(Runnable call) throws InterruptedException {
    return of(call, () -> {});
  }

  /** The same; {@code first} runs while the call works, before the interrupt. */
  public static CancelledException of(Runnable call, Runnable first) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>(false);
    AtomicReference<Long> worked = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                call.run();
              } catch (Throwable e) {
                flag.set(Thread.currentThread().isInterrupted());
                thrown.set(e);
              }
              worked.set(THREADS.getCurrentThreadCpuTime());
            });
    thread.start();
    while (thread.isAlive() && THREADS.getThreadCpuTime(thread.getId()) < BEGUN) {
      Thread.sleep(5);
    }
    assertThat(thread.isAlive()).as("the call is long enough to be interrupted").isTrue();
    first.run();
    thread.interrupt();
    long before = THREADS.getThreadCpuTime(thread.getId());
    thread.join();
    assertThat(thrown.get()).isInstanceOf(CancelledException.class);
    assertThat(flag.get()).as("the interrupt flag stays set").isTrue();
    if (before >= 0) { // else it had ended by then
      assertThat(worked.get() - before).as("worked on after the interrupt, ns").isLessThan(STOPPED);
    }
    return (CancelledException) thrown.get();
  }
}
