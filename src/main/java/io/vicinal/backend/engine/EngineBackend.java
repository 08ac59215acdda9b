package io.vicinal.backend.engine;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.CompiledProgram;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.Transpose;
import io.vicinal.backend.Update;
import io.vicinal.backend.UpdateResult;
import io.vicinal.backend.UpdateRule;
import io.vicinal.backend.jni.ArrayStruct;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.process.Limits;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Memory;
import io.vicinal.tensor.Tensor;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A device behind the C ABI, which checks types, shapes, overlaps, labels and values of what is
 * given here by name. Safe for any number of threads; see {@link Backend} for the rest of the
 * contract.
 */
public final class EngineBackend implements Backend {
  private final Device device;
  private final Memory memory;
  private final EnginePool pool;
  private final String isa;
  private final int threads;
  private final String blas;

  /** What {@link #isa}, {@link #threads} and {@link #blas} answer. */
  private record Description(String isa, int threads, String blas) {}

  /**
   * @param memory of the device, whose name the native library knows
   * @throws InputException if the library cannot be loaded or the device cannot do what the options
   *     ask
   */
  public EngineBackend(Memory memory, BackendOptions options) {
    NativeLibrary.load();
    this.memory = memory;
    device = memory.device();
    pool = new EnginePool(device, device.equals(Device.CPU) ? startable(options) : options);
    Description description =
        pool.run(
            "open",
            engine -> Vicinal.VICINAL_OK,
            engine -> new Description(engine.isa(), engine.threads(), engine.blas()));
    isa = description.isa;
    threads = description.threads;
    blas = description.blas;
  }

  /**
   * The options with a number of threads that start here; without a wish, as many as this process
   * may use.
   */
  private static BackendOptions startable(BackendOptions options) {
    int wanted = options.threads();
    int asked = wanted > 0 ? wanted : Limits.ofThisProcess().processors();
    int usable = Vicinal.vicinal_threads_usable(asked);
    if (wanted > usable) {
      throw new InputException(
          "threads: "
              + wanted
              + " are wanted and "
              + usable
              + " can start here ("
              + Limits.ofThisProcess().threadBounds()
              + "); give "
              + usable
              + " or fewer, or raise that limit");
    }
    return options.withThreads(usable);
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public Memory memory() {
    return memory;
  }

  @Override
  public String isa() {
    return isa;
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public String blas() {
    return blas;
  }

  @Override
  public CompiledProgram compile(String text, List<String> inputs, List<String> outputs) {
    if (device.equals(Device.CPU) && text.contains("= conv")) {
      NativeLibrary.loadOneDnn();
    }
    return new EngineProgram(pool, text, inputs, outputs);
  }

  @Override
  public void close() {
    pool.close();
  }

  @Override
  public LossValue loss(
      LossSpec spec,
      long classes,
      Tensor embeddings,
      Targets targets,
      Tensor proxies,
      Tensor perSample,
      Tensor gradEmbeddings,
      Tensor gradProxies) {
    return pool.run(
        "loss",
        e ->
            Vicinal.vicinal_loss_gradient(
                e.handle(),
                e.loss(spec),
                classes,
                e.array("embeddings", embeddings),
                e.array("labels", targets.labels()),
                e.array("proxies", proxies),
                e.array("weights", targets.weights()),
                e.array("soft labels", targets.softLabels()),
                e.lossCell(),
                e.countCell(),
                e.array("per-sample values", perSample),
                e.array("embedding gradient", gradEmbeddings),
                e.array("proxy gradient", gradProxies)),
        PooledEngine::lossValue);
  }

  @Override
  public void lossHvp(
      LossSpec spec,
      long classes,
      Tensor embeddings,
      Targets targets,
      Tensor proxies,
      Tensor dirEmbeddings,
      Tensor dirProxies,
      Tensor outEmbeddings,
      Tensor outProxies) {
    pool.run(
        "loss hvp",
        e ->
            Vicinal.vicinal_loss_hvp(
                e.handle(),
                e.loss(spec),
                classes,
                e.array("embeddings", embeddings),
                e.array("labels", targets.labels()),
                e.array("proxies", proxies),
                e.array("weights", targets.weights()),
                e.array("soft labels", targets.softLabels()),
                e.array("embedding direction", dirEmbeddings),
                e.array("proxy direction", dirProxies),
                e.array("embedding output", outEmbeddings),
                e.array("proxy output", outProxies)));
  }

  @Override
  public void embed(Tensor features, HeadTensors head, Tensor embeddings) {
    pool.run(
        "embed",
        e ->
            Vicinal.vicinal_head_embed(
                e.handle(),
                e.array("features", features),
                e.array("weight", head.weight()),
                e.array("bias", head.bias()),
                e.array("embeddings", embeddings)));
  }

  @Override
  public LossValue headGradient(
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors at,
      Tensor perSample,
      HeadTensors gradient) {
    return pool.run(
        "head gradient",
        e ->
            Vicinal.vicinal_head_gradient(
                e.handle(),
                e.loss(spec),
                classes,
                e.array("features", features),
                e.array("labels", targets.labels()),
                e.array("weights", targets.weights()),
                e.array("soft labels", targets.softLabels()),
                e.array("weight", at.weight()),
                e.array("bias", at.bias()),
                e.array("proxies", at.proxies()),
                e.lossCell(),
                e.countCell(),
                e.array("per-sample values", perSample),
                e.array("gradient of the weight", gradient.weight()),
                e.array("gradient of the bias", gradient.bias()),
                e.array("gradient of the proxies", gradient.proxies())),
        PooledEngine::lossValue);
  }

  @Override
  public Curvature curvature(
      LossSpec spec, long classes, Tensor features, Targets targets, HeadTensors at) {
    return new EngineCurvature(pool, spec, classes, features, targets, at);
  }

  @Override
  public UpdateResult update(UpdateRule rule, List<Update> updates) {
    if (updates.isEmpty()) {
      return new UpdateResult(0, null, true);
    }
    int width = 2 + rule.states().size();
    return pool.run(
        "update",
        e -> {
          ArrayStruct first = null;
          for (int i = 0; i < updates.size(); i++) {
            Update u = updates.get(i);
            if (u.names().size() != width) {
              throw new InputException(
                  "update: "
                      + u.names().size()
                      + " arrays of "
                      + u.names().get(0)
                      + " where "
                      + width
                      + " are needed: parameter, gradient, "
                      + String.join(", ", rule.states()));
            }
            int more = i == 0 ? (updates.size() - 1) * width : 0;
            ArrayStruct next = e.arrays(u.names(), u.tensors(), more);
            first = i == 0 ? next : first;
          }
          return Vicinal.vicinal_update_parameters(
              e.handle(),
              rule.ordinal(),
              updates.size(),
              e.updates(updates),
              first,
              e.lossCell(),
              e.countCell());
        },
        e -> result(updates, e.number(), (int) e.count()));
  }

  private static UpdateResult result(List<Update> updates, double norm, int nonFinite) {
    int count = updates.size();
    boolean taken = nonFinite < 0 || nonFinite >= count;
    String name = nonFinite < 0 ? null : updates.get(nonFinite % count).names().get(taken ? 0 : 1);
    return new UpdateResult(norm, name, taken);
  }

  @Override
  public void average(double weight, List<Tensor> averages, List<Tensor> values) {
    if (averages.size() != values.size()) {
      throw new InputException(
          "average: " + averages.size() + " averages of " + values.size() + " values");
    }
    if (averages.isEmpty()) {
      return;
    }
    List<Tensor> pairs = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      pairs.add(averages.get(i));
      pairs.add(values.get(i));
    }
    List<String> names =
        IntStream.range(0, pairs.size()).mapToObj(i -> i % 2 == 0 ? "average" : "value").toList();
    pool.run(
        "average",
        e -> Vicinal.vicinal_average(e.handle(), weight, values.size(), e.arrays(names, pairs, 0)));
  }

  @Override
  public void clip(Tensor values, double low, double high) {
    pool.run("clip", e -> Vicinal.vicinal_clip(e.handle(), low, high, e.array("values", values)));
  }

  @Override
  public double lowest(Tensor values) {
    double[] lowest = new double[1];
    pool.run("lowest", e -> Vicinal.vicinal_lowest(e.handle(), e.array("values", values), lowest));
    return lowest[0];
  }

  @Override
  public void reciprocal(double shift, Tensor x, Tensor out) {
    pool.run(
        "reciprocal",
        e -> Vicinal.vicinal_reciprocal(e.handle(), shift, e.array("x", x), e.array("out", out)));
  }

  @Override
  public long findNonFinite(Tensor values) {
    return pool.run(
        "find non-finite",
        e -> Vicinal.vicinal_find_nonfinite(e.handle(), e.array("values", values), e.countCell()),
        PooledEngine::count);
  }

  @Override
  public void gatherRows(Tensor values, Tensor ids, Tensor out) {
    pool.run(
        "gather rows",
        e ->
            Vicinal.vicinal_gather_rows(
                e.handle(), e.array("values", values), e.array("ids", ids), e.array("out", out)));
  }

  @Override
  public void normalizeRows(Tensor values, Tensor out) {
    pool.run(
        "normalize rows",
        e ->
            Vicinal.vicinal_normalize_rows(
                e.handle(), e.array("values", values), e.array("out", out)));
  }

  @Override
  public void rank(
      Tensor queries,
      Tensor gallery,
      Tensor self,
      Tensor offsets,
      Tensor relevant,
      Tensor ranks,
      byte[] tied) {
    if (tied != null) {
      length("rank", "tied", tied, queries);
    }
    pool.run(
        "rank",
        e ->
            Vicinal.vicinal_rank(
                e.handle(),
                e.array("queries", queries),
                e.array("gallery", gallery),
                e.array("self", self),
                e.array("offsets", offsets),
                e.array("relevant", relevant),
                e.array("ranks", ranks),
                tied));
  }

  @Override
  public void nearest(Tensor queries, Tensor gallery, Tensor self, Tensor ids, Tensor distances) {
    pool.run(
        "nearest",
        e ->
            Vicinal.vicinal_nearest(
                e.handle(),
                e.array("queries", queries),
                e.array("gallery", gallery),
                e.array("self", self),
                e.array("ids", ids),
                e.array("distances", distances)));
  }

  @Override
  public long closePairs(
      Tensor rows,
      Tensor others,
      double limit,
      int[] first,
      int[] second,
      double[] distances,
      long[] zeros) {
    long[] total = new long[1];
    if (second.length != first.length || distances.length != first.length) {
      throw new InputException("close pairs: first, second and distances differ in length");
    }
    pool.run(
        "close pairs",
        e ->
            Vicinal.vicinal_close_pairs(
                e.handle(),
                e.array("rows", rows),
                e.array("others", others),
                limit,
                first.length,
                first,
                second,
                distances,
                total,
                zeros));
    return total[0];
  }

  @Override
  public void gemm(Transpose ofA, Transpose ofB, Tensor a, Tensor b, Tensor c) {
    pool.run(
        "gemm",
        e ->
            Vicinal.vicinal_gemm(
                e.handle(),
                ofA.ordinal(),
                ofB.ordinal(),
                e.array("a", a),
                e.array("b", b),
                e.array("c", c)));
  }

  @Override
  public void symmetricEigen(Tensor matrix, Tensor values) {
    pool.run(
        "symmetric eigen",
        e ->
            Vicinal.vicinal_symmetric_eigen(
                e.handle(), e.array("matrix", matrix), e.array("values", values)));
  }

  /** Refuses plain memory that is not as long as {@code rows} has rows. */
  private static void length(String operation, String name, Object values, Tensor rows) {
    if (values == null) {
      throw new InputException(operation + ": " + name + " is missing");
    }
    int length = Array.getLength(values);
    if (rows != null && rows.shape().rank() > 0 && length != rows.dim(0)) {
      throw new InputException(
          operation
              + ": "
              + name
              + " has length "
              + length
              + " where "
              + rows.dim(0)
              + " is expected");
    }
  }

  @Override
  public double[] dots(Tensor x, Tensor y) {
    boolean rows = x != null && x.shape().rank() > 0; // else the native call refuses x
    double[] dots = new double[rows ? Math.toIntExact(x.dim(0)) : 0];
    pool.run("dots", e -> Vicinal.vicinal_dots(e.handle(), e.array("x", x), e.array("y", y), dots));
    return dots;
  }

  @Override
  public void axpy(double[] alpha, Tensor x, Tensor y) {
    length("axpy", "alpha", alpha, x);
    pool.run(
        "axpy", e -> Vicinal.vicinal_axpy(e.handle(), alpha, e.array("x", x), e.array("y", y)));
  }

  @Override
  public void xpby(Tensor x, double[] beta, Tensor y) {
    length("xpby", "beta", beta, x);
    pool.run("xpby", e -> Vicinal.vicinal_xpby(e.handle(), e.array("x", x), beta, e.array("y", y)));
  }

  @Override
  public void multiply(Tensor shared, Tensor x, Tensor out) {
    pool.run(
        "multiply",
        e ->
            Vicinal.vicinal_multiply(
                e.handle(), e.array("shared", shared), e.array("x", x), e.array("out", out)));
  }
}
