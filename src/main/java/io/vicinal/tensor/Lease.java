package io.vicinal.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the memory of some tensors mapped while native code works on it. An arena that is closed
 * meanwhile frees its memory when the last lease ends, so a close in another thread can spoil a
 * result but never the process. Safe for any thread; closing twice is harmless.
 */
public final class Lease implements AutoCloseable {
  private final List<Arena> arenas;
  private boolean open = true;

  private Lease(List<Arena> arenas) {
    this.arenas = arenas;
  }

  /**
   * Leases the memory of every tensor that is not null.
   *
   * @throws IllegalStateException if one of them was closed or reset before
   */
  public static Lease of(Tensor... tensors) {
    List<Arena> held = new ArrayList<>(4); // a call's tensors come from few arenas
    Lease lease = new Lease(held);
    try {
      for (Tensor tensor : tensors) {
        if (tensor != null && !held.contains(tensor.arena())) {
          tensor.arena().hold();
          held.add(tensor.arena());
        }
      }
      // Checked after the hold: from here on a close cannot unmap.
      for (Tensor tensor : tensors) {
        if (tensor != null) {
          tensor.address();
        }
      }
      return lease;
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  @Override
  public synchronized void close() {
    if (open) {
      open = false;
      arenas.forEach(Arena::unhold);
    }
  }
}
