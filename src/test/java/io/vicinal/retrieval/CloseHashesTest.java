package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CloseHashesTest {
  private record Pair(int bits, int first, int second) {}

  /** Hashes around few centres, so that pairs of every distance occur, some of them equal. */
  private static long[] around(int count, int centres, int flips, long seed) {
    Random random = new Random(seed);
    long[] centre = random.longs(centres).toArray();
    long[] hashes = new long[count];
    for (int i = 0; i < count; i++) {
      hashes[i] = centre[random.nextInt(centres)];
      for (int f = random.nextInt(flips + 1); f > 0; f--) {
        hashes[i] ^= 1L << random.nextInt(64);
      }
    }
    return hashes;
  }

  private static List<Pair> all(long[] hashes, int bits) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < hashes.length; i++) {
      for (int j = i + 1; j < hashes.length; j++) {
        int differ = 0;
        for (int bit = 0; bit < 64; bit++) {
          differ += (hashes[i] >>> bit & 1) == (hashes[j] >>> bit & 1) ? 0 : 1;
        }
        if (differ <= bits) {
          pairs.add(new Pair(differ, i, j));
        }
      }
    }
    pairs.sort(
        Comparator.comparingInt(Pair::bits)
            .thenComparingInt(Pair::first)
            .thenComparingInt(Pair::second));
    return pairs;
  }

  private static void check(long[] hashes, int bits) {
    List<Pair> expected = all(hashes, bits);
    for (int most : new int[] {0, 1, 7, expected.size(), expected.size() + 3}) {
      CloseHashes found = CloseHashes.within(hashes, bits, most);
      assertThat(found.total()).as("%d bits", bits).isEqualTo(expected.size());
      List<Pair> kept = new ArrayList<>();
      for (int p = 0; p < found.kept(); p++) {
        kept.add(new Pair(found.distances()[p], found.first()[p], found.second()[p]));
      }
      assertThat(kept)
          .as("%d bits, %d kept", bits, most)
          .isEqualTo(expected.subList(0, Math.min(most, expected.size())));
    }
  }

  @Test
  void agreesWithAllPairsCompared() {
    for (int bits : new int[] {0, 1, 2, 3, 6, 7, 10, 31, 62, 63, 64}) {
      check(around(300, 9, 8, bits), bits);
    }
  }

  @Test
  void equalHashesByTheThousand() {
    long[] hashes = around(700, 3, 1, 5);
    check(hashes, 0);
    check(hashes, 2);
    check(new long[500], 3);
    long[] many = new long[200_000]; // 2e10 pairs, counted and not listed
    CloseHashes found = CloseHashes.within(many, 3, 4);
    assertThat(found.total()).isEqualTo(200_000L * 199_999 / 2);
    assertThat(found.first()).containsExactly(0, 0, 0, 0);
    assertThat(found.second()).containsExactly(1, 2, 3, 4);
    for (int i = 0; i < many.length; i++) {
      many[i] = i % 2;
    }
    found = CloseHashes.within(many, 3, 3);
    assertThat(found.total()).isEqualTo(200_000L * 199_999 / 2);
    assertThat(found.second()).containsExactly(2, 4, 6);
  }

  @Test
  void fewHashesAndNone() {
    check(new long[] {}, 3);
    check(new long[] {7}, 3);
    check(new long[] {0, -1}, 63);
    check(new long[] {0, -1}, 64);
    check(new long[] {Long.MIN_VALUE, 0, Long.MAX_VALUE}, 1);
  }

  @Test
  void badArgumentsAreNamed() {
    refused(() -> CloseHashes.within(new long[2], -1, 5), "bits: must be 0 to 64, got -1");
    refused(() -> CloseHashes.within(new long[2], 65, 5), "bits: must be 0 to 64, got 65");
    refused(() -> CloseHashes.within(new long[2], 3, -5), "pairs to keep: must be 0 or more");
  }
}
