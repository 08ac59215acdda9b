package io.vicinal.explain;

import java.util.function.Supplier;

/**
 * Finished pieces of a long computation: who keeps them can go on where it was interrupted. All
 * pieces belong to one computation on the same inputs. For one thread.
 */
public interface Pieces {
  /** Keeps nothing. */
  Pieces NONE =
      new Pieces() {
        @Override
        public <T extends Record> T piece(String name, Class<T> type, Supplier<T> work) {
          return work.get();
        }
      };

  /**
   * A piece of an earlier call, or one made now and kept.
   *
   * @param name fit for a file, unique in this computation
   * @param type of numbers, texts, arrays, lists and records of them
   * @param work makes it; null if it was given up: nothing is kept then
   */
  <T extends Record> T piece(String name, Class<T> type, Supplier<T> work);
}
