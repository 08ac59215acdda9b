package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.config.MemoryConfig;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.nn.ProxyStart;
import io.vicinal.optim.ParameterAverage;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * A key for each sample of a batch, which a slowly moving copy of the head makes, and a queue of
 * earlier keys, at first random directions. He, Fan, Wu, Xie, Girshick, <em>Momentum contrast</em>,
 * CVPR 2020. For one thread.
 */
final class MomentumKeys {
  private final Backend backend;
  private final boolean normalize;
  private final ParameterAverage copy;
  private final Remembered queue; // the batch in it is the keys'

  /**
   * @param head that is trained, as it begins
   * @param rows the most samples of a batch
   * @param normalize whether keys have unit length
   * @param seed of the first directions
   * @param arena owner of copy and queue
   */
  MomentumKeys(
      Backend backend,
      MemoryConfig config,
      Head head,
      int rows,
      boolean normalize,
      long seed,
      Arena arena) {
    this.backend = backend;
    this.normalize = normalize;
    Parameters map = head.parameters().subset(Head.GROUPS);
    copy = new ParameterAverage(arena, map.named(), config.momentum(), false);
    queue = new Remembered(config, rows, head.weight().dtype(), head.embedding(), arena);
    Tensor first = queue.fill();
    ProxyStart.NORMAL.fill(first, Xoshiro.of(seed, "keys"));
    backend.normalizeRows(first, first);
  }

  /** What a loss is given of a batch of features X [B, D]. */
  Map<String, Tensor> of(Tensor features) {
    int samples = (int) features.dim(0);
    Tensor keys = queue.batch(samples);
    backend.embed(features, Head.tensors(Parameters.of(copy.averages())), keys);
    if (normalize) {
      backend.normalizeRows(keys, keys);
    }
    return Map.of("keys", keys, "queue", queue.remembered());
  }

  /**
   * The copy follows the head, and the keys of the last batch join the queue.
   *
   * @param step of the run, from 1
   */
  void stepped(long step, int samples) {
    copy.update(backend);
    queue.stepped(step, samples);
  }

  /** The copy, and the queue's content and cursor. */
  Map<String, Tensor> buffers() {
    Map<String, Tensor> buffers = new HashMap<>(queue.buffers());
    copy.averages().forEach((name, tensor) -> buffers.put("momentum." + name, tensor));
    return buffers;
  }
}
