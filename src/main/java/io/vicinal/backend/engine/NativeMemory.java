package io.vicinal.backend.engine;

import io.vicinal.backend.jni.Vicinal;
import io.vicinal.process.Limits;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.HostMemory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells the native library how much memory its calls may hold, so that a workspace that the machine
 * or the container does not have is refused in a sentence. Safe for any thread.
 */
final class NativeMemory {
  /** Reading the limits takes about 0.1 ms, a small call not much more. */
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private static final AtomicLong LAST = new AtomicLong(System.nanoTime() - PERIOD_NANOS);

  private NativeMemory() {}

  /** Bytes that engines, curvatures and the native library's own allocations hold. */
  static long held() {
    long[] inUse = new long[1];
    long[] held = new long[1];
    Vicinal.vicinal_memory_usage(Device.CPU.name(), inUse, held, new long[1]);
    return inUse[0] + held[0];
  }

  /** Sets the limit from what is left now, unless that was done a moment ago. */
  static void refresh() {
    long last = LAST.get();
    long now = System.nanoTime();
    if (now - last < PERIOD_NANOS || !LAST.compareAndSet(last, now)) {
      return;
    }
    long held = held();
    long left = Limits.ofThisProcess().memory(HostMemory.liveBytes() + held).left();
    long limit = left > Long.MAX_VALUE - held ? 0 : Math.max(1, held + left);
    Vicinal.vicinal_memory_set_limit(Device.CPU.name(), limit);
  }
}
