package io.vicinal.sample;

import java.util.HashSet;
import java.util.Set;

/**
 * A seeded generator whose stream is the same on every JDK: xoshiro256** (Blackman and Vigna,
 * <em>Scrambled linear pseudorandom number generators</em>, 2021), its four words filled by
 * SplitMix64 from the seed.
 *
 * <pre>
 *   next:  r = rotl(s1 * 5, 7) * 9;  t = s1 &lt;&lt; 17
 *          s2 ^= s0; s3 ^= s1; s1 ^= s2; s0 ^= s3; s2 ^= t; s3 = rotl(s3, 45)
 * </pre>
 *
 * Doubles are the top 53 bits over 2^53. Normal values come from Marsaglia's polar method with the
 * second value of a pair dropped, so four words are the whole state. {@link StrictMath} keeps them
 * equal on every platform.
 *
 * <p>Components never share a generator: {@link #of(long, String)} derives one seed per component
 * name. Not thread-safe.
 */
public final class Xoshiro {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L; // 2^64 / golden ratio, SplitMix64's step

  private long s0;
  private long s1;
  private long s2;
  private long s3;

  /** A generator at the start of the stream that belongs to {@code seed}; every seed is valid. */
  public Xoshiro(long seed) {
    s0 = mix(seed + GOLDEN);
    s1 = mix(seed + 2 * GOLDEN);
    s2 = mix(seed + 3 * GOLDEN);
    s3 = mix(seed + 4 * GOLDEN);
  }

  private Xoshiro(long[] state) {
    s0 = state[0];
    s1 = state[1];
    s2 = state[2];
    s3 = state[3];
  }

  /** The generator of one component: the name's FNV-1a hash, mixed into the seed. */
  public static Xoshiro of(long seed, String component) {
    return new Xoshiro(derive(seed, component));
  }

  /** The seed that {@link #of} uses for this component. */
  public static long derive(long seed, String component) {
    long hash = 0xCBF29CE484222325L; // FNV-1a, 64 bit
    for (int i = 0; i < component.length(); i++) {
      hash = (hash ^ component.charAt(i)) * 0x100000001B3L;
    }
    return mix(seed ^ hash);
  }

  /** A generator that goes on where {@link #state()} was taken: four words. */
  public static Xoshiro restore(long[] state) {
    if (state.length != 4) {
      throw new IllegalArgumentException("a generator's state has 4 words, found " + state.length);
    }
    return new Xoshiro(state);
  }

  /** The four words of the state. */
  public long[] state() {
    return new long[] {s0, s1, s2, s3};
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** 64 random bits. */
  public long nextLong() {
    long result = Long.rotateLeft(s1 * 5, 7) * 9;
    long t = s1 << 17;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = Long.rotateLeft(s3, 45);
    return result;
  }

  /** Uniform in 0 .. bound-1, without bias: words from the incomplete last interval are redrawn. */
  public int below(int bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound must be positive, found " + bound);
    }
    while (true) {
      long bits = nextLong() >>> 1;
      long value = bits % bound;
      if (bits - value + (bound - 1) >= 0) {
        return (int) value;
      }
    }
  }

  /** The same for bounds that are no int. */
  public long below(long bound) {
    if (bound <= Integer.MAX_VALUE) {
      return below((int) bound);
    }
    while (true) {
      long bits = nextLong() >>> 1;
      long value = bits % bound;
      if (bits - value + (bound - 1) >= 0) {
        return value;
      }
    }
  }

  /**
   * Different numbers of 0 .. bound-1, every set of them as likely (Floyd, in Bentley, <em>A sample
   * of brilliance</em>, Comm. ACM 1987).
   */
  public long[] distinct(long bound, int count) {
    Set<Long> chosen = new HashSet<>();
    long[] numbers = new long[count];
    for (int k = 0; k < count; k++) {
      long last = bound - count + k;
      long number = below(last + 1);
      numbers[k] = chosen.add(number) ? number : last;
      chosen.add(numbers[k]);
    }
    return numbers;
  }

  /** Uniform in [0, 1). */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  /** Standard normal. */
  public double nextGaussian() {
    while (true) {
      double x = 2 * nextDouble() - 1;
      double y = 2 * nextDouble() - 1;
      double square = x * x + y * y;
      if (square < 1 && square > 0) {
        return x * StrictMath.sqrt(-2 * StrictMath.log(square) / square);
      }
    }
  }

  /** Shuffles values[from .. to) in place (Fisher and Yates, from the end). */
  public void shuffle(long[] values, int from, int to) {
    for (int last = to - 1; last > from; last--) {
      int other = from + below(last - from + 1);
      long kept = values[last];
      values[last] = values[other];
      values[other] = kept;
    }
  }
}
