package io.vicinal.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the memory of some tensors mapped while native code works on it. An arena that is closed
 * meanwhile frees its memory when the last lease ends, so a close in another thread can spoil a
 * result but never the process. Safe for any thread; closing twice is harmless.
 */
public final class Lease implements AutoCloseable {
  private final List<Arena> arenas = new ArrayList<>(4); // a call's tensors come from few arenas
  private boolean open = true;

  /**
   * Leases the memory of every tensor that is not null.
   *
   * @throws IllegalStateException if one of them was closed or reset before
   */
  public static Lease of(Tensor... tensors) {
    Lease lease = new Lease();
    try {
      for (Tensor tensor : tensors) {
        if (tensor != null) {
          lease.hold(tensor);
        }
      }
      return lease;
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  /**
   * Leases the memory of one tensor more.
   *
   * @return its address
   * @throws IllegalStateException if it was closed or reset before
   */
  public synchronized long hold(Tensor tensor) {
    if (!arenas.contains(tensor.arena())) {
      tensor.arena().hold();
      arenas.add(tensor.arena());
    }
    return tensor.address(); // checked after the hold: from here on a close cannot unmap
  }

  @Override
  public synchronized void close() {
    if (open) {
      open = false;
      arenas.forEach(Arena::unhold);
    }
  }
}
