package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.Transpose;
import io.vicinal.config.LossConfig;
import io.vicinal.config.MemoryConfig;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.mine.Candidates;
import io.vicinal.mine.Mined;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.program.Executable;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A loss of a batch: embeddings Z = X W' + b, tuples of them, the loss's program with its gradient
 * G for the embeddings and what it learns, and back through the head: G' X for W, the sum of G's
 * rows for b. All samples count the same, by their class. With a memory the batch is compared with
 * itself and with what is remembered, which are constants. A loss that is given keys and a queue
 * has those of a momentum copy of the head.
 */
final class TupleCriterion implements Criterion {
  /**
   * What is computed.
   *
   * @param miner of tuples, null for all that there are
   * @param normalize whether the loss sees embeddings of unit length
   * @param memory of earlier batches
   * @param seed of what the miner draws, and of the first keys
   */
  record Of(TupleLoss loss, Miner miner, boolean normalize, MemoryConfig memory, long seed) {}

  private static final String GRADIENT = "gradient.";
  private static final String EMBEDDING = "embedding";
  private static final String REFERENCES = "references";

  private final Backend backend;
  private final Of of;
  private final Tuples taken; // null for all tuples
  private final Executable program;
  private final Parameters learned;
  private final Map<String, Tensor> inputs = new HashMap<>();
  private final Map<String, Tensor> outputs = new LinkedHashMap<>();
  private final Remembered embeddings;
  private final MomentumKeys keys; // null for a loss that takes none
  private final Tensor gradient; // [B, d]; a batch may be smaller
  private final Tensor ofReferences; // [R, d], or null without a memory
  private final Tensor ones; // [B]
  private long step;
  private int samples; // of the last batch

  /**
   * @param learned by {@link Head#beside}
   * @param head that makes the embeddings
   * @param rows the most samples of a batch
   * @param arena owner of what is kept
   */
  TupleCriterion(Backend backend, Of of, Parameters learned, Head head, int rows, Arena arena) {
    this.backend = backend;
    this.of = of;
    this.learned = learned;
    taken = of.miner() == null ? null : Miners.fit(of.loss(), of.miner());
    DType dtype = head.weight().dtype();
    long width = head.embedding();
    boolean keyed = LossConfig.takesKeys(of.loss());
    keys =
        keyed
            ? new MomentumKeys(backend, of.memory(), head, rows, of.normalize(), of.seed(), arena)
            : null;
    MemoryConfig memory = keyed ? MemoryConfig.NONE : of.memory();
    embeddings = new Remembered(memory, rows, dtype, width, arena);
    TupleProgram made =
        embeddings.hasMemory()
            ? TupleProgram.withMemory(of.loss(), taken, of.normalize())
            : new TupleProgram(of.loss(), taken, of.normalize());
    program = made.gradient(backend);
    gradient = arena.allocate(dtype, rows, width);
    ofReferences =
        embeddings.hasMemory() ? arena.allocate(dtype, rows + memory.size(), width) : null;
    double[] one = new double[rows];
    Arrays.fill(one, 1);
    ones = arena.allocate(dtype, rows);
    ones.set(one);
    Parameters unread = learned.like(arena); // where the gradient of what is frozen goes
    for (LearnedParameter parameter : of.loss().learned()) {
      String name = Head.beside(parameter.name());
      inputs.put(parameter.name(), learned.get(name));
      outputs.put(GRADIENT + parameter.name(), unread.get(name));
    }
    for (String name : program.outputs()) {
      outputs.computeIfAbsent(
          name, n -> n.startsWith(GRADIENT) ? null : arena.allocate(DType.F64, Shape.of()));
    }
  }

  @Override
  public Parameters learned() {
    return learned;
  }

  @Override
  public Map<String, Tensor> buffers() {
    return keys == null ? embeddings.buffers() : keys.buffers();
  }

  @Override
  public LossValue gradient(
      long number, Tensor features, Targets targets, Parameters at, Parameters gradients) {
    step = number;
    samples = (int) features.dim(0);
    Tensor z = embeddings.batch(samples);
    Tensor g = gradient.rows(0, samples);
    backend.embed(features, Head.tensors(at), z);
    Map<String, Tensor> in = new HashMap<>(inputs);
    in.put(EMBEDDING, z);
    in.put("labels", targets.labels());
    if (keys != null) {
      in.putAll(keys.of(features));
    }
    Map<String, Tensor> out = new HashMap<>(outputs);
    out.put(GRADIENT + EMBEDDING, g);
    for (LearnedParameter parameter : of.loss().learned()) {
      Tensor wanted = gradients.get(Head.beside(parameter.name()));
      if (wanted != null) {
        out.put(GRADIENT + parameter.name(), wanted);
      }
    }
    long[] labels = targets.labels().toLongs();
    long[] compared = labels;
    Tensor all = z;
    if (embeddings.hasMemory()) {
      all = embeddings.all(samples);
      Tensor allLabels = embeddings.allLabels(targets.labels());
      compared = allLabels.toLongs();
      in.put(REFERENCES, all);
      in.put("reference-labels", allLabels);
      out.put(GRADIENT + REFERENCES, ofReferences.rows(0, all.dim(0)));
    }
    LossValue value;
    try (Arena scratch = new Arena(backend.memory())) {
      long empty =
          of.miner() != null
              ? mine(all, compared, in, scratch)
              : keys == null ? alone(labels, compared) : 0; // keys have no classes
      program.run(in, out);
      value = new LossValue(out.get("loss").at(0), empty);
    }
    if (embeddings.hasMemory()) { // the batch is compared with itself, too
      long[] block = {1, samples, g.dim(1)};
      Tensor more = ofReferences.rows(0, samples).reshape(block);
      backend.axpy(new double[] {1}, more, g.reshape(block));
    }
    back(features, g, gradients);
    return value;
  }

  /** Adds what is mined to the inputs; how many samples have none of it. */
  private long mine(Tensor all, long[] labels, Map<String, Tensor> in, Arena scratch) {
    Candidates batch = Candidates.of(backend, all, labels, samples, of.normalize());
    Mined mined = Miners.mine(of.miner(), batch, Xoshiro.of(of.seed(), Long.toString(step)));
    in.putAll(mined.inputs(scratch, taken, all.dtype(), batch));
    return mined.skipped();
  }

  /** Samples that have no positive, or no negative, among those that they are compared with. */
  private static long alone(long[] labels, long[] compared) {
    Map<Long, Integer> members = new HashMap<>();
    for (long label : compared) {
      members.merge(label, 1, Integer::sum);
    }
    return Arrays.stream(labels)
        .map(members::get)
        .filter(count -> count == 1 || count == compared.length)
        .count();
  }

  @Override
  public void stepped() {
    embeddings.stepped(step, samples);
    if (keys != null) {
      keys.stepped(step, samples);
    }
  }

  private void back(Tensor features, Tensor g, Parameters gradients) {
    Tensor weight = gradients.get(Head.WEIGHT);
    if (weight != null) {
      backend.gemm(Transpose.T, Transpose.N, g, features, weight);
    }
    Tensor bias = gradients.get(Head.BIAS);
    if (bias != null) {
      Tensor row = ones.rows(0, g.dim(0)).reshape(1, g.dim(0));
      backend.gemm(Transpose.N, Transpose.N, row, g, bias.reshape(1, bias.size()));
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
