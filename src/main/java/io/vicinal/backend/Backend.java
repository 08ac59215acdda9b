package io.vicinal.backend;

import io.vicinal.InputException;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Memory;
import io.vicinal.tensor.Tensor;
import java.util.List;
import java.util.ServiceLoader;

/**
 * The operations of a device on its tensors: whole matrices in, whole matrices out, written into
 * tensors that the caller supplies. All numeric tensors of one call have the same type, F32 or F64;
 * outputs are overwritten and must not overlap inputs.
 *
 * <p>Letters: N samples, D features, d embedding, C classes, K centres per class, B batch, Q
 * queries, G gallery.
 *
 * <p>Thread safety: any number of threads may call one backend; each call works on an engine of its
 * own, with the whole number of threads. Four such calls are under way at once in the process, or
 * more with fewer threads each ({@link io.vicinal.process.Turns}); the others wait, first come
 * first served, and {@link Thread#interrupt} ends the wait. So a backend holds at most as many
 * workspaces as there are calls under way, four of them between calls and none after {@link
 * #close}. What OpenBLAS and the worker threads hold, a few MiB for each worker thread that was
 * ever under way at once, stays with the process. Results are bit-reproducible for a given number
 * of threads. {@link Thread#interrupt} stops a call within a second: it throws {@link
 * io.vicinal.CancelledException} with the flag left set, and its outputs are unspecified.
 *
 * <p>Errors: {@link InputException} when a shape, type, device, label or value does not fit, naming
 * the argument; {@link IllegalStateException} when a tensor or the backend is closed; {@link
 * io.vicinal.NativeException} for a defect of the library.
 */
public interface Backend extends AutoCloseable {
  /**
   * Opens a device.
   *
   * @param device "cpu"; "cuda" for the first NVIDIA GPU, "cuda:N" for the N-th
   * @throws InputException if this machine does not have it, or its library cannot be loaded; the
   *     sentence says what is missing and how to get it
   */
  static Backend open(String device, BackendOptions options) {
    for (BackendProvider kind :
        ServiceLoader.load(BackendProvider.class, Backend.class.getClassLoader())) {
      if (kind.knows(device)) {
        return kind.open(device, options);
      }
    }
    throw new InputException("device: '" + device + "' is unknown; choose cpu, cuda or cuda:N");
  }

  /** As {@link #open(String, BackendOptions)} with {@link BackendOptions#defaults()}. */
  static Backend open(String device) {
    return open(device, BackendOptions.defaults());
  }

  /** The processor, with {@link BackendOptions#defaults()}. */
  static Backend cpu() {
    return open(Device.CPU.name(), BackendOptions.defaults());
  }

  /** The device's name, as {@link #open} takes it. */
  String name();

  /** Where this backend's tensors should lie: tensors of the host are copied for each call. */
  Device device();

  /** Memory of the device, for an {@link io.vicinal.tensor.Arena}. */
  Memory memory();

  /** Instruction set in use: base, avx2 or avx512; on a GPU its architecture, such as sm_90. */
  String isa();

  /**
   * Reads a program.
   *
   * @param text one node a line (docs/programs.md)
   * @param inputs names of its inputs, in the order of the text, for refusals
   * @param outputs names of its outputs
   * @throws InputException if it is no program
   */
  CompiledProgram compile(String text, List<String> inputs, List<String> outputs);

  /** Worker threads of one call. */
  int threads();

  /** The matrix library's own description. */
  String blas();

  /**
   * Value and gradients of a loss over one batch, with respect to the raw (not normalised) vectors.
   *
   * @param spec the loss
   * @param classes C
   * @param embeddings [B, d]
   * @param targets labels [B] in 0..C-1, weights, soft labels
   * @param proxies [C*K, d]
   * @param perSample out [B], the unweighted L_i, or null; must be null if the loss does not
   *     decompose
   * @param gradEmbeddings out [B, d], or null
   * @param gradProxies out [C*K, d], or null
   */
  LossValue loss(
      LossSpec spec,
      long classes,
      Tensor embeddings,
      Targets targets,
      Tensor proxies,
      Tensor perSample,
      Tensor gradEmbeddings,
      Tensor gradProxies);

  /**
   * The Hessian of the scalar loss over (embeddings, proxies) jointly, applied to a direction.
   * Exact.
   *
   * @param dirEmbeddings [B, d], or null for zero; not both directions null
   * @param dirProxies [C*K, d], or null for zero
   * @param outEmbeddings out [B, d], or null
   * @param outProxies out [C*K, d], or null
   */
  void lossHvp(
      LossSpec spec,
      long classes,
      Tensor embeddings,
      Targets targets,
      Tensor proxies,
      Tensor dirEmbeddings,
      Tensor dirProxies,
      Tensor outEmbeddings,
      Tensor outProxies);

  /**
   * Embeddings of features: Z = X W' + b.
   *
   * @param features X [N, D]
   * @param head weight W [d, D] and bias b [d] or null; proxies are not used
   * @param embeddings out Z [N, d]
   */
  void embed(Tensor features, HeadTensors head, Tensor embeddings);

  /**
   * Value and gradients of the loss of a head's embeddings over a whole dataset, streamed in
   * blocks. A loss that does not decompose takes the N rows as one batch.
   *
   * @param features X [N, D]
   * @param at the head: weight [d, D], bias [d] or null, proxies [C*K, d]
   * @param perSample out [N], or null
   * @param gradient out; a null part is not computed; its bias must be null if the head has none
   */
  LossValue headGradient(
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors at,
      Tensor perSample,
      HeadTensors gradient);

  /**
   * Prepares exact Hessian-vector products of that loss at one point. Parameters are copied;
   * features and targets are borrowed and must stay open and unchanged until the curvature is
   * closed.
   */
  Curvature curvature(
      LossSpec spec, long classes, Tensor features, Targets targets, HeadTensors at);

  /**
   * The Hessian of a loss over (weight, bias, proxies) jointly at one point. Safe for any number of
   * threads.
   */
  interface Curvature extends AutoCloseable {
    /**
     * Multiplies with a direction.
     *
     * @param direction null parts are zero; not all of them
     * @param out null parts are not computed
     * @throws IllegalStateException if this or a borrowed tensor is closed
     */
    void hvp(HeadTensors direction, HeadTensors out);

    /**
     * Multiplies m directions with one curvature matrix, sharing the passes over the features:
     * out_q = M_q direction_q, where M_q has direction q's sample weights. The bias is a constant;
     * a head whose bias is analysed has it folded into the weight, with a feature that is 1.
     *
     * @param changes of the sample weights, or null for none
     * @throws InputException if the loss has no such matrix, or a shape does not fit
     */
    void products(CurvatureKind kind, Directions direction, WeightChanges changes, Directions out);

    /**
     * Derivative of every sample's loss along m directions: scores[q, i] = dL_i/dtheta .
     * direction_q, unweighted and not divided by N. For a loss that does not decompose: the
     * derivative by the sample's weight, at its weight, of N times the directional derivative of
     * the loss.
     *
     * @param scores out F64 [m, N]
     */
    void scores(Directions direction, Tensor scores);

    /**
     * For one direction (m = 1) and samples from .. from+rows, cosine softmax losses only:
     *
     * @param byProxy out F64 [rows, C] or null: scores' split by proxy; a row's sum is the sample's
     *     score
     * @param relabel out F64 [rows, C] or null: entry c is the score that the sample would have if
     *     its label were c, minus its score; 0 at its own label; margins are those of the new label
     */
    void tables(Directions direction, long from, Tensor byProxy, Tensor relabel);

    /**
     * What the gradients of the samples are made of: dL_i/dW = gradient_i x_i', unweighted.
     *
     * @param units out [N, d] unit embeddings, or null
     * @param gradients out [N, d], or null
     */
    void sampleGradients(Tensor units, Tensor gradients);

    /**
     * The exact Kronecker factors of the Gauss-Newton matrix of the weight; symmetric to the bit.
     *
     * @param featureFactor out [D, D]: (1/N) X' diag(w) X, or null
     * @param outputFactor out [d, d]: (1/N) sum_i w_i times the d x d Gauss-Newton block of sample
     *     i, or null; cosine softmax losses only
     * @throws InputException if the loss has no such matrix, or both are null
     */
    void factors(Tensor featureFactor, Tensor outputFactor);

    /**
     * Exact diagonal of a curvature matrix in the current basis.
     *
     * @param kind HESSIAN or GAUSS_NEWTON, for cosine softmax losses; FISHER, for a loss that
     *     decomposes
     * @param weight out [d, D], or null
     * @param proxies out [C, d], or null; Gauss-Newton's whatever the kind, and for a cosine
     *     softmax only
     * @throws InputException if the loss has no such matrix, or both are null
     */
    void diagonal(CurvatureKind kind, Tensor weight, Tensor proxies);

    /**
     * Quadratic forms of the samples' gradients in a diagonal matrix: out_i = sum_ab g_ia^2
     * inverse_ab x_ib^2, with g_i x_i' the unweighted gradient by the weight.
     *
     * @param inverse [d, D]
     * @param out F64 [N]
     * @throws InputException if the loss does not decompose, or a shape does not fit
     */
    void selfInfluence(Tensor inverse, Tensor out);

    /**
     * One pass of the recursion h &lt;- v + (1 - damping) h - (1/scale) H_i h over the samples in
     * order, starting from h = v, with H_i the Hessian of the unweighted L_i by the weight (LiSSA,
     * arXiv 1602.03943, one sample a step). What the step-by-step loop gives, up to rounding:
     * blocks of samples are coupled through their Gram matrix.
     *
     * <p>v is given by factors, v_q = left_q right: the fewer columns left has, the less work.
     *
     * @param damping 0 to 1
     * @param scale above 0
     * @param left [m, d, R]
     * @param right [R, D]
     * @param h out [m, d, D], after N steps; not divided by scale
     * @throws InputException if the loss does not decompose, or a value or shape does not fit
     */
    void seedRecursion(double damping, double scale, Tensor left, Tensor right, Tensor h);

    /**
     * Change of every sample's loss when the weight W becomes W + sum_r left_r right_r'.
     *
     * @param left [R, d]
     * @param right [R, D]
     * @param change out F64 [N]
     */
    void lossChange(Tensor left, Tensor right, Tensor change);

    /** Frees what was prepared; idempotent. */
    @Override
    void close();
  }

  /**
   * One step of an optimiser over many parameters, in one call: clips, checks that all gradients
   * are finite, steps, checks the parameters.
   *
   * @param updates with the rule's states; of one type, in no case two of one parameter
   * @throws InputException if a setting, a shape or a state does not fit
   */
  UpdateResult update(UpdateRule rule, List<Update> updates);

  /**
   * average += weight (value - average), for each pair of tensors.
   *
   * @param weight of the new value, 0 to 1
   * @param averages in and out, of one type
   * @param values as many, of the averages' shapes
   */
  void average(double weight, List<Tensor> averages, List<Tensor> values);

  /**
   * Clamps every element to [low, high], low below high, in place; either may be infinite. NaN
   * stays NaN.
   */
  void clip(Tensor values, double low, double high);

  /** The smallest element, or NaN if one is NaN. */
  double lowest(Tensor values);

  /** out = 1 / (x + shift) element by element, in double and rounded; shapes are equal. */
  void reciprocal(double shift, Tensor x, Tensor out);

  /** Row-major index of the first NaN or infinity, or -1. */
  long findNonFinite(Tensor values);

  /**
   * Copies rows.
   *
   * @param values [N, m]
   * @param ids I64 [n], each in 0..N-1
   * @param out [n, m]
   */
  void gatherRows(Tensor values, Tensor ids, Tensor out);

  /**
   * Divides rows [n, m] by their Euclidean norm; zero rows stay zero. {@code out} may be {@code
   * values}.
   */
  void normalizeRows(Tensor values, Tensor out);

  /**
   * Ranks of relevant gallery rows by squared Euclidean distance; equal distances are ordered by
   * lower id. Exact.
   *
   * @param queries F32 [Q, d]
   * @param gallery F32 [G, d]
   * @param self I64 [Q], the gallery row that is the query itself, -1 for none; null for none at
   *     all
   * @param offsets I64 [Q+1], ascending from 0: query q's relevant rows are relevant[offsets[q] ..
   *     offsets[q+1])
   * @param relevant I64 [R], gallery ids, ascending within a query
   * @param ranks out I64 [R], from 1, ascending within a query
   * @param tied out, length Q: 1 where a relevant row has exactly the distance of a row that is
   *     not; null if not wanted
   */
  void rank(
      Tensor queries,
      Tensor gallery,
      Tensor self,
      Tensor offsets,
      Tensor relevant,
      Tensor ranks,
      byte[] tied);

  /**
   * The k nearest gallery rows of every query by squared Euclidean distance, nearest first; equal
   * distances are ordered by lower id. Exact. Only devices that search themselves have it: on the
   * processor FAISS searches, and {@code io.vicinal.retrieval.Neighbours} knows.
   *
   * @param queries F32 [Q, d]
   * @param gallery F32 [G, d]
   * @param self I64 [Q], the gallery row that is the query itself and is left out, -1 for none;
   *     null for none at all
   * @param ids out I64 [Q, k], k from 1 to G, or to G-1 where self is given
   * @param distances out F64 [Q, k], or null
   * @throws InputException on the processor
   */
  void nearest(Tensor queries, Tensor gallery, Tensor self, Tensor ids, Tensor distances);

  /**
   * Pairs of rows whose squared Euclidean distance is at most a limit, closest first, equal ones by
   * the lower first row, then the lower second. Exact. {@code io.vicinal.retrieval.ClosePairs} has
   * cosines, too.
   *
   * @param rows F32 [N, d]
   * @param others F32 [G, d]; null for the rows themselves, every two of them once
   * @param limit 0 or more; infinity for all pairs
   * @param first out, the one row of each kept pair; its length is how many are kept at most
   * @param second out, likewise the other row
   * @param distances out, likewise the squared distance
   * @param zeros out, one number: how many rows are all zeros, which are then in no pair; null:
   *     they are rows like others
   * @return how many pairs there are
   */
  long closePairs(
      Tensor rows,
      Tensor others,
      double limit,
      int[] first,
      int[] second,
      double[] distances,
      long[] zeros);

  /**
   * Matrix product: c [m, n] = op(a) op(b).
   *
   * @param a [m, k], or [k, m] when it is transposed
   * @param b [k, n], or [n, k] when it is transposed
   */
  void gemm(Transpose ofA, Transpose ofB, Tensor a, Tensor b, Tensor c);

  /**
   * Eigendecomposition of a symmetric matrix, by LAPACK's divide and conquer. It runs on one thread
   * (n = 2048: a few seconds) and an interrupt is seen only before it starts.
   *
   * @param matrix [n, n], n up to 32000, in: the matrix, of which the upper triangle is read; out:
   *     row k is the k-th unit eigenvector, its largest component positive
   * @param values out, the matrix's type [n], ascending
   * @throws InputException if an element is NaN or infinite
   */
  void symmetricEigen(Tensor matrix, Tensor values);

  /** Inner products of m pairs of rows, in double: x and y [m, ...] with the same shape. */
  double[] dots(Tensor x, Tensor y);

  /** y_q += alpha_q x_q for the m rows of [m, ...]. */
  void axpy(double[] alpha, Tensor x, Tensor y);

  /** y_q = x_q + beta_q y_q for the m rows of [m, ...]. */
  void xpby(Tensor x, double[] beta, Tensor y);

  /** out_q = shared * x_q element by element; x and out [m, ...], shared [...]. out may be x. */
  void multiply(Tensor shared, Tensor x, Tensor out);

  /** Frees the device's engines; calls in flight finish first. Idempotent. */
  @Override
  void close();
}
