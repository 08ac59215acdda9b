package io.vicinal.program;

/**
 * Philox4x32-10 in plain loops (Salmon et al., SC 2011): what the random numbers of programs are
 * compared with.
 */
final class Philox {
  private static final long WORD = 0xFFFFFFFFL;

  private Philox() {}

  /** Four words for a counter of four words and a key of two. */
  static long[] words(long[] counter, long[] key) {
    long[] x = counter.clone();
    long k0 = key[0];
    long k1 = key[1];
    for (int round = 0; round < 10; round++) {
      long left = 0xD2511F53L * x[0];
      long right = 0xCD9E8D57L * x[2];
      x =
          new long[] {
            (right >>> 32) ^ x[1] ^ k0, right & WORD, (left >>> 32) ^ x[3] ^ k1, left & WORD
          };
      k0 = (k0 + 0x9E3779B9L) & WORD;
      k1 = (k1 + 0xBB67AE85L) & WORD;
    }
    return x;
  }

  private static double fraction(long high, long low) {
    return ((high << 32 | low) >>> 11) * 0x1p-53;
  }

  private static long[] words(long key, long id, long position, long stream) {
    return words(
        new long[] {position & WORD, stream, id & WORD, id >>> 32},
        new long[] {key & WORD, key >>> 32});
  }

  /** As docs/programs.md says. */
  static double uniform(long key, long id, long position, long stream) {
    long[] words = words(key, id, position, stream);
    return fraction(words[0], words[1]);
  }

  /** Likewise. */
  static double normal(long key, long id, long position, long stream) {
    long[] words = words(key, id, position, stream);
    double length = Math.sqrt(-2 * Math.log1p(-fraction(words[0], words[1])));
    return length * Math.cos(2 * Math.PI * fraction(words[2], words[3]));
  }
}
