package io.vicinal.retrieval;

import java.util.Arrays;

/** Ids 0 or more that were seen, at 8 to 16 bytes each. Not thread-safe. */
final class IdSet {
  private static final long FREE = -1;
  private static final int MOST_SLOTS = 1 << 30;

  private long[] slots = free(16);
  private int size;

  /** Whether the id is new; it is not afterwards. */
  boolean add(long id) {
    if (2L * (size + 1) > slots.length && slots.length < MOST_SLOTS) {
      long[] old = slots;
      slots = free(2 * old.length);
      for (long one : old) {
        if (one != FREE) {
          slots[slotOf(one)] = one;
        }
      }
    }
    int slot = slotOf(id);
    if (slots[slot] == id) {
      return false;
    }
    slots[slot] = id;
    size++;
    return true;
  }

  boolean contains(long id) {
    return slots[slotOf(id)] == id;
  }

  /** Where the id is, or the free slot where it belongs. */
  private int slotOf(long id) {
    long mixed = id * 0x9E3779B97F4A7C15L; // Fibonacci hashing: the high bits depend on all of them
    int slot = (int) (mixed >>> 32) & (slots.length - 1);
    while (slots[slot] != FREE && slots[slot] != id) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private static long[] free(int length) {
    long[] slots = new long[length];
    Arrays.fill(slots, FREE);
    return slots;
  }
}
