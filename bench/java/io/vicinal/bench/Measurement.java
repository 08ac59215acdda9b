package io.vicinal.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Interleaved timing: a block of ours, a block of the peer's, a matrix product for the ceiling, and
 * again. A noisy neighbour then slows all three alike. Each block's first repeat wakes threads and
 * caches and is not counted, unless a block is a single repeat. Between blocks both sides sleep
 * long enough for their worker threads to stop spinning.
 */
final class Measurement {
  private static final double BLOCK_MS = 200;
  private static final int MOST_PER_BLOCK = 100;
  private static final long GAP_MS = 30;

  final Samples ours = new Samples();
  final Samples peer = new Samples();
  final Samples pairs = new Samples(); // the peer's block median over ours, round by round

  /** What others took of the machine meanwhile; see {@link Bystanders}. */
  double bystanders;

  final Map<String, Samples> beside = new LinkedHashMap<>();

  /** Runs {@code rounds} rounds after a warm-up; equal values must have been checked before. */
  static Measurement of(Work work, Peer peer, Ceiling ceiling, int rounds, boolean single)
      throws IOException, InterruptedException {
    Measurement m = new Measurement();
    int ourBlock = single ? 1 : blockSize(warmUp(work));
    int peerBlock = single ? 1 : blockSize(warmUp(peer));
    Bystanders others = new Bystanders(ProcessHandle.current(), peer.handle());
    for (int round = 0; round < rounds; round++) {
      Samples ourRound = new Samples();
      for (int i = 0; i < ourBlock; i++) {
        double spent = clock(work);
        if (i > 0 || ourBlock == 1) {
          ourRound.add(spent);
          m.ours.add(spent);
        }
      }
      Thread.sleep(GAP_MS);
      Samples peerRound = new Samples();
      double[] theirs = peer.time("repeat", peerBlock);
      for (int i = peerBlock == 1 ? 0 : 1; i < theirs.length; i++) {
        peerRound.add(theirs[i]);
        m.peer.add(theirs[i]);
      }
      m.pairs.add(peerRound.median() / ourRound.median());
      Thread.sleep(GAP_MS);
      ceiling.product();
      Thread.sleep(GAP_MS);
    }
    m.bystanders = others.share();
    for (String method : work.beside()) {
      Samples samples = new Samples();
      int repeats = single ? 1 : Math.max(3, peerBlock);
      double[] theirs = peer.time(method, repeats);
      for (int i = single ? 0 : 1; i < theirs.length; i++) {
        samples.add(theirs[i]);
      }
      m.beside.put(method, samples);
    }
    return m;
  }

  private static double warmUp(Work work) {
    // The compiler of the JVM needs some calls of ours; a second is plenty for what is native below
    // them.
    Samples samples = new Samples();
    long until = System.nanoTime() + 1_000_000_000L;
    do {
      samples.add(clock(work));
    } while (System.nanoTime() < until || samples.count() < 3);
    return samples.median();
  }

  private static double warmUp(Peer peer) throws IOException {
    Samples samples = new Samples();
    long until = System.nanoTime() + 1_000_000_000L;
    do {
      for (double spent : peer.time("repeat", 3)) {
        samples.add(spent);
      }
    } while (System.nanoTime() < until);
    return samples.median();
  }

  private static int blockSize(double milliseconds) {
    return (int) Math.min(MOST_PER_BLOCK, Math.max(3, Math.ceil(BLOCK_MS / milliseconds)));
  }

  private static double clock(Work work) {
    long start = System.nanoTime();
    work.repeat();
    return (System.nanoTime() - start) / 1e6 / work.jobs();
  }
}
