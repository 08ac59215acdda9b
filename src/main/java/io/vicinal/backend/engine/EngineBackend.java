package io.vicinal.backend.engine;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.process.Limits;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Memory;
import io.vicinal.tensor.Tensor;

/**
 * A device behind the C ABI. Arguments are checked here, by name; sizes, labels and values once
 * more by the native library, so that nothing reaches a kernel unchecked. Safe for any number of
 * threads; see {@link Backend} for the rest of the contract.
 */
public final class EngineBackend implements Backend {
  private final Device device;
  private final Memory memory;
  private final EnginePool pool;
  private final EngineVectors vectors;
  private final EngineSearch search;
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
    vectors = new EngineVectors(pool);
    search = new EngineSearch(pool);
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
  public void close() {
    pool.close();
  }

  private static long proxyRows(Arguments arguments, LossSpec spec, long classes) {
    if (classes < 1 || spec.centers() < 1) {
      throw arguments.problem(
          "classes",
          "are " + classes + " with " + spec.centers() + " centers; both must be 1 or more");
    }
    try {
      return Math.multiplyExact(classes, (long) spec.centers());
    } catch (ArithmeticException e) {
      throw new InputException("classes: " + classes + " are too many", e);
    }
  }

  private static void targets(Arguments arguments, Targets targets, long rows, long classes) {
    arguments
        .integers("labels", targets.labels(), rows)
        .optionalIn("weights", targets.weights(), rows)
        .optionalIn("soft labels", targets.softLabels(), rows, classes);
  }

  private static void perSample(Arguments arguments, LossSpec spec, Tensor perSample, long rows) {
    if (perSample != null && !spec.decomposes()) {
      throw arguments.problem(
          "per-sample values", "do not exist for a loss that is no sum over samples; pass null");
    }
    arguments.optionalOut("per-sample values", perSample, rows);
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
    Arguments a = new Arguments("loss", "embeddings", embeddings);
    a.matrix("embeddings", embeddings);
    long rows = embeddings.dim(0);
    long d = embeddings.dim(1);
    long proxyRows = proxyRows(a, spec, classes);
    targets(a, targets, rows, classes);
    a.in("proxies", proxies, proxyRows, d);
    perSample(a, spec, perSample, rows);
    a.optionalOut("embedding gradient", gradEmbeddings, rows, d)
        .optionalOut("proxy gradient", gradProxies, proxyRows, d);
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_loss_f32(
                    e.handle(),
                    e.loss(spec),
                    rows,
                    d,
                    classes,
                    At.f32(embeddings),
                    At.i64(targets.labels()),
                    At.f32(proxies),
                    At.f32(targets.weights()),
                    At.f32(targets.softLabels()),
                    e.lossCell(),
                    e.countCell(),
                    At.f32(perSample),
                    At.f32(gradEmbeddings),
                    At.f32(gradProxies))
            : e ->
                Vicinal.vicinal_loss_f64(
                    e.handle(),
                    e.loss(spec),
                    rows,
                    d,
                    classes,
                    At.f64(embeddings),
                    At.i64(targets.labels()),
                    At.f64(proxies),
                    At.f64(targets.weights()),
                    At.f64(targets.softLabels()),
                    e.lossCell(),
                    e.countCell(),
                    At.f64(perSample),
                    At.f64(gradEmbeddings),
                    At.f64(gradProxies));
    return pool.run(a, call, PooledEngine::lossValue);
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
    Arguments a = new Arguments("loss hvp", "embeddings", embeddings);
    a.matrix("embeddings", embeddings);
    long rows = embeddings.dim(0);
    long d = embeddings.dim(1);
    long proxyRows = proxyRows(a, spec, classes);
    targets(a, targets, rows, classes);
    a.in("proxies", proxies, proxyRows, d)
        .optionalIn("embedding direction", dirEmbeddings, rows, d)
        .optionalIn("proxy direction", dirProxies, proxyRows, d)
        .optionalOut("embedding output", outEmbeddings, rows, d)
        .optionalOut("proxy output", outProxies, proxyRows, d);
    if (dirEmbeddings == null && dirProxies == null) {
      throw a.problem("direction", "is missing; give one for embeddings or proxies");
    }
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_loss_hvp_f32(
                    e.handle(),
                    e.loss(spec),
                    rows,
                    d,
                    classes,
                    At.f32(embeddings),
                    At.i64(targets.labels()),
                    At.f32(proxies),
                    At.f32(targets.weights()),
                    At.f32(targets.softLabels()),
                    At.f32(dirEmbeddings),
                    At.f32(dirProxies),
                    At.f32(outEmbeddings),
                    At.f32(outProxies))
            : e ->
                Vicinal.vicinal_loss_hvp_f64(
                    e.handle(),
                    e.loss(spec),
                    rows,
                    d,
                    classes,
                    At.f64(embeddings),
                    At.i64(targets.labels()),
                    At.f64(proxies),
                    At.f64(targets.weights()),
                    At.f64(targets.softLabels()),
                    At.f64(dirEmbeddings),
                    At.f64(dirProxies),
                    At.f64(outEmbeddings),
                    At.f64(outProxies));
    pool.run(a, call);
  }

  @Override
  public void embed(Tensor features, HeadTensors head, Tensor embeddings) {
    Arguments a = new Arguments("embed", "features", features);
    a.matrix("features", features);
    a.matrix("weight", head.weight());
    long n = features.dim(0);
    long width = features.dim(1);
    long d = head.weight().dim(0);
    a.in("weight", head.weight(), d, width)
        .optionalIn("bias", head.bias(), d)
        .out("embeddings", embeddings, n, d);
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_head_embed_f32(
                    e.handle(),
                    n,
                    width,
                    d,
                    At.f32(features),
                    At.f32(head.weight()),
                    At.f32(head.bias()),
                    At.f32(embeddings))
            : e ->
                Vicinal.vicinal_head_embed_f64(
                    e.handle(),
                    n,
                    width,
                    d,
                    At.f64(features),
                    At.f64(head.weight()),
                    At.f64(head.bias()),
                    At.f64(embeddings));
    pool.run(a, call);
  }

  /** Checks features, targets and the head of a whole-dataset call. */
  private static Arguments head(
      String operation,
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors at) {
    Arguments a = new Arguments(operation, "features", features);
    a.matrix("features", features);
    a.matrix("weight", at.weight());
    long d = at.weight().dim(0);
    targets(a, targets, features.dim(0), classes);
    return a.in("weight", at.weight(), d, features.dim(1))
        .optionalIn("bias", at.bias(), d)
        .in("proxies", at.proxies(), proxyRows(a, spec, classes), d);
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
    Arguments a = head("head gradient", spec, classes, features, targets, at);
    long n = features.dim(0);
    long width = features.dim(1);
    long d = at.weight().dim(0);
    perSample(a, spec, perSample, n);
    headLike(
        a, "gradient", gradient, true, at.bias() != null, d, width, proxyRows(a, spec, classes));
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_head_gradient_f32(
                    e.handle(),
                    e.loss(spec),
                    n,
                    width,
                    d,
                    classes,
                    At.f32(features),
                    At.i64(targets.labels()),
                    At.f32(targets.weights()),
                    At.f32(targets.softLabels()),
                    At.f32(at.weight()),
                    At.f32(at.bias()),
                    At.f32(at.proxies()),
                    e.lossCell(),
                    e.countCell(),
                    At.f32(perSample),
                    At.f32(gradient.weight()),
                    At.f32(gradient.bias()),
                    At.f32(gradient.proxies()))
            : e ->
                Vicinal.vicinal_head_gradient_f64(
                    e.handle(),
                    e.loss(spec),
                    n,
                    width,
                    d,
                    classes,
                    At.f64(features),
                    At.i64(targets.labels()),
                    At.f64(targets.weights()),
                    At.f64(targets.softLabels()),
                    At.f64(at.weight()),
                    At.f64(at.bias()),
                    At.f64(at.proxies()),
                    e.lossCell(),
                    e.countCell(),
                    At.f64(perSample),
                    At.f64(gradient.weight()),
                    At.f64(gradient.bias()),
                    At.f64(gradient.proxies()));
    return pool.run(a, call, PooledEngine::lossValue);
  }

  /** Checks a gradient, direction or output of the head's shapes. */
  static void headLike(
      Arguments a,
      String what,
      HeadTensors part,
      boolean output,
      boolean hasBias,
      long d,
      long width,
      long proxyRows) {
    if (part.bias() != null && !hasBias) {
      throw a.problem(what + " of the bias", "is given and the head has no bias; pass null");
    }
    if (output) {
      a.optionalOut(what + " of the weight", part.weight(), d, width)
          .optionalOut(what + " of the bias", part.bias(), d)
          .optionalOut(what + " of the proxies", part.proxies(), proxyRows, d);
    } else {
      a.optionalIn(what + " of the weight", part.weight(), d, width)
          .optionalIn(what + " of the bias", part.bias(), d)
          .optionalIn(what + " of the proxies", part.proxies(), proxyRows, d);
    }
  }

  @Override
  public Curvature curvature(
      LossSpec spec, long classes, Tensor features, Targets targets, HeadTensors at) {
    Arguments a = head("curvature", spec, classes, features, targets, at);
    return new EngineCurvature(pool, spec, classes, features, targets, at, a);
  }

  @Override
  public void sgdStep(
      Tensor parameter,
      Tensor gradient,
      Tensor velocity,
      double lr,
      double momentum,
      double weightDecay,
      boolean first) {
    Arguments a = new Arguments("sgd step", "parameter", parameter);
    long[] shape = parameter.shape().dims();
    a.out("parameter", parameter, shape)
        .in("gradient", gradient, shape)
        .optionalOut("velocity", velocity, shape);
    if (velocity == null && momentum != 0) {
      throw a.problem("velocity", "is missing and momentum is " + momentum);
    }
    long n = parameter.size();
    int start = first ? 1 : 0;
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_sgd_step_f32(
                    e.handle(),
                    n,
                    lr,
                    momentum,
                    weightDecay,
                    start,
                    At.f32(gradient),
                    At.f32(velocity),
                    At.f32(parameter))
            : e ->
                Vicinal.vicinal_sgd_step_f64(
                    e.handle(),
                    n,
                    lr,
                    momentum,
                    weightDecay,
                    start,
                    At.f64(gradient),
                    At.f64(velocity),
                    At.f64(parameter));
    pool.run(a, call);
  }

  @Override
  public void adamStep(
      Tensor parameter,
      Tensor gradient,
      Tensor firstMoment,
      Tensor secondMoment,
      long step,
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      boolean decoupled) {
    Arguments a = new Arguments("adam step", "parameter", parameter);
    long[] shape = parameter.shape().dims();
    a.out("parameter", parameter, shape)
        .in("gradient", gradient, shape)
        .out("first moment", firstMoment, shape)
        .out("second moment", secondMoment, shape);
    long n = parameter.size();
    int separate = decoupled ? 1 : 0;
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_adam_step_f32(
                    e.handle(),
                    n,
                    step,
                    lr,
                    beta1,
                    beta2,
                    eps,
                    weightDecay,
                    separate,
                    At.f32(gradient),
                    At.f32(firstMoment),
                    At.f32(secondMoment),
                    At.f32(parameter))
            : e ->
                Vicinal.vicinal_adam_step_f64(
                    e.handle(),
                    n,
                    step,
                    lr,
                    beta1,
                    beta2,
                    eps,
                    weightDecay,
                    separate,
                    At.f64(gradient),
                    At.f64(firstMoment),
                    At.f64(secondMoment),
                    At.f64(parameter));
    pool.run(a, call);
  }

  @Override
  public void clip(Tensor values, double limit) {
    Arguments a = new Arguments("clip", "values", values);
    a.out("values", values, values.shape().dims());
    EnginePool.Call call =
        a.type() == DType.F32
            ? e -> Vicinal.vicinal_clip_f32(e.handle(), values.size(), limit, At.f32(values))
            : e -> Vicinal.vicinal_clip_f64(e.handle(), values.size(), limit, At.f64(values));
    pool.run(a, call);
  }

  @Override
  public long findNonFinite(Tensor values) {
    Arguments a = new Arguments("find non-finite", "values", values);
    a.in("values", values, values.shape().dims());
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_find_nonfinite_f32(
                    e.handle(), values.size(), At.f32(values), e.countCell())
            : e ->
                Vicinal.vicinal_find_nonfinite_f64(
                    e.handle(), values.size(), At.f64(values), e.countCell());
    return pool.run(a, call, PooledEngine::count);
  }

  @Override
  public void gatherRows(Tensor values, Tensor ids, Tensor out) {
    Arguments a = new Arguments("gather rows", "values", values);
    a.matrix("values", values);
    if (ids == null || ids.shape().rank() != 1) {
      throw a.problem("ids", "must be a vector of int64");
    }
    long rows = values.dim(0);
    long columns = values.dim(1);
    long n = ids.dim(0);
    a.integers("ids", ids, n).out("out", out, n, columns);
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_gather_rows_f32(
                    e.handle(), rows, columns, At.f32(values), n, At.i64(ids), At.f32(out))
            : e ->
                Vicinal.vicinal_gather_rows_f64(
                    e.handle(), rows, columns, At.f64(values), n, At.i64(ids), At.f64(out));
    pool.run(a, call);
  }

  @Override
  public void normalizeRows(Tensor values, Tensor out) {
    Arguments a = new Arguments("normalize rows", "values", values);
    a.matrix("values", values);
    long n = values.dim(0);
    long columns = values.dim(1);
    boolean inPlace = out != null && out.address() == values.address();
    if (inPlace) {
      a = new Arguments("normalize rows", "values", values);
    }
    a.out("out", out, n, columns);
    EnginePool.Call call =
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_normalize_rows_f32(
                    e.handle(), n, columns, At.f32(values), At.f32(out))
            : e ->
                Vicinal.vicinal_normalize_rows_f64(
                    e.handle(), n, columns, At.f64(values), At.f64(out));
    pool.run(a, call);
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
    search.rank(queries, gallery, self, offsets, relevant, ranks, tied);
  }

  @Override
  public void nearest(Tensor queries, Tensor gallery, Tensor self, Tensor ids, Tensor distances) {
    search.nearest(queries, gallery, self, ids, distances);
  }

  @Override
  public void gemm(Tensor a, Tensor b, Tensor c) {
    vectors.gemm(a, b, c);
  }

  @Override
  public void symmetricEigen(Tensor matrix, Tensor values) {
    vectors.symmetricEigen(matrix, values);
  }

  @Override
  public double[] dots(Tensor x, Tensor y) {
    return vectors.dots(x, y);
  }

  @Override
  public void axpy(double[] alpha, Tensor x, Tensor y) {
    vectors.axpy(alpha, x, y);
  }

  @Override
  public void xpby(Tensor x, double[] beta, Tensor y) {
    vectors.xpby(x, beta, y);
  }

  @Override
  public void multiply(Tensor shared, Tensor x, Tensor out) {
    vectors.multiply(shared, x, out);
  }
}
