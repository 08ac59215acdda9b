package io.vicinal.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Interleaved timing: a block of ours, a block of each of the peer's methods, a matrix product for
 * the ceiling, and again. A noisy neighbour then slows all alike. Each block's first repeat wakes
 * threads and caches and is not counted, unless a block is a single repeat. Between blocks all
 * sides sleep long enough for their worker threads to stop spinning.
 */
final class Measurement {
  private static final double BLOCK_MS = 200;
  private static final int MOST_PER_BLOCK = 100;
  private static final long WARM_NS = 1_000_000_000;
  private static final double SLOW_MS = 2_000;
  private static final long GAP_MS = 30;

  final Samples ours = new Samples();

  /** What the peer's methods took; those that failed are not among them. */
  final Map<String, Theirs> peer = new LinkedHashMap<>();

  /** Further methods of the peer's, which enter no ratio. */
  final Map<String, Samples> beside = new LinkedHashMap<>();

  /** What others took of the machine meanwhile; see {@link Bystanders}. */
  double bystanders;

  /** A method of the peer's: its times, and its block's median over ours, round by round. */
  static final class Theirs {
    final Samples times = new Samples();
    final Samples pairs = new Samples();
    private int block;
  }

  /** Repeats that are timed, in milliseconds each. */
  private interface Clock {
    double[] time(int repeats) throws IOException;
  }

  /**
   * Runs {@code rounds} rounds after a warm-up; equal values must have been checked before.
   *
   * @param peer null for none
   * @param product the ceiling's
   * @param failed hears of a method of the peer's that does not work, such as for want of memory
   */
  static Measurement of(
      Row row, Work work, Peer peer, Runnable product, int rounds, Consumer<String> failed)
      throws IOException, InterruptedException {
    Measurement m = new Measurement();
    Clock clock = repeats -> clock(work, repeats);
    int block = row.single() ? 1 : block(clock);
    if (peer != null) {
      for (String method : row.ratios().keySet()) {
        m.ask(method, failed, theirs -> theirs.block = row.single() ? 1 : block(peer, method));
      }
    }
    Bystanders others =
        peer == null
            ? new Bystanders(ProcessHandle.current())
            : new Bystanders(ProcessHandle.current(), peer.handle());
    for (int round = 0; round < rounds; round++) {
      Samples our = take(clock, block);
      m.ours.add(our);
      Thread.sleep(GAP_MS);
      for (String method : m.peer.keySet().toArray(String[]::new)) {
        m.ask(
            method,
            failed,
            theirs -> {
              Samples their = take(n -> peer.time(method, n), theirs.block);
              theirs.times.add(their);
              theirs.pairs.add(their.median() / our.median());
            });
        Thread.sleep(GAP_MS);
      }
      product.run();
      Thread.sleep(GAP_MS);
    }
    m.bystanders = others.share();
    if (m.peer.containsKey(Peer.REPEAT)) {
      int theirs = m.peer.get(Peer.REPEAT).block;
      for (String method : work.beside()) {
        m.beside.put(method, take(n -> peer.time(method, n), theirs));
      }
    }
    return m;
  }

  private interface Question {
    void ask(Theirs theirs) throws IOException;
  }

  private void ask(String method, Consumer<String> failed, Question question) {
    try {
      question.ask(peer.computeIfAbsent(method, name -> new Theirs()));
    } catch (IOException e) { // what is left is worth measuring
      peer.remove(method);
      failed.accept(method + ": " + e.getMessage());
    }
  }

  private static Samples take(Clock clock, int block) throws IOException {
    Samples samples = new Samples();
    double[] spent = clock.time(block);
    for (int i = block == 1 ? 0 : 1; i < spent.length; i++) {
      samples.add(spent[i]);
    }
    return samples;
  }

  private static int block(Peer peer, String method) throws IOException {
    return block(n -> peer.time(method, n));
  }

  /**
   * Repeats for a second: the compilers of the JVM and of the peer need some calls, a card its
   * clocks. As many repeats as a block has then.
   */
  private static int block(Clock clock) throws IOException {
    long until = System.nanoTime() + WARM_NS;
    Samples samples = new Samples();
    do {
      samples.add(clock.time(2)[1]); // the first may compile
    } while (System.nanoTime() < until);
    double repeat = samples.median();
    return repeat > SLOW_MS
        ? 1
        : (int) Math.min(MOST_PER_BLOCK, Math.max(3, Math.ceil(BLOCK_MS / repeat)));
  }

  private static double[] clock(Work work, int repeats) {
    double[] spent = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      long start = System.nanoTime();
      work.repeat();
      spent[i] = (System.nanoTime() - start) / 1e6 / work.jobs();
    }
    return spent;
  }
}
