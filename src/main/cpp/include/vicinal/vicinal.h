/* vicinal.h: the C ABI of Vicinal, the only header that the Java binding parses.
 *
 * Conventions, stated once
 *   Letters    N samples, D features, d embedding width, C classes, K centres per class (rows of the
 *              proxy matrix: C*K), B batch, Q queries, G gallery, k neighbours.
 *   Arrays     vicinal_array: row-major, compact, with a name for sentences. Sizes are those of the arrays.
 *   Types      the numeric arrays of a call are all float32 or all float64; labels, ids and ranks are
 *              int64. Scalars (the loss, its parameters) are always double.
 *   Calls      engine first, then inputs, outputs. Inputs are borrowed for the call only;
 *              outputs are overwritten, never accumulated into, and may not overlap inputs unless the
 *              entry says so. What is marked "or NULL" is optional: an array without data, or no array.
 *   Status     every function that can fail returns a vicinal_status; the sentence is in
 *              vicinal_last_error() of the same thread, "" after success. Types, shapes, pointers, overlaps
 *              and label ranges are checked; no C++ exception and no abort leaves the library.
 *   Devices    the engine's device does the work. Arrays of a "cpu" engine are host memory; those of a
 *              "cuda" engine may be host memory or that device's, each on its own: host arrays are copied
 *              for the call. Scalars that a call returns (double* loss, int64_t* empty, int64_t* first),
 *              factors and weight changes are always host memory. The device is done when a call returns.
 *   Threads    one call at a time per engine; different engines are independent. Only
 *              vicinal_engine_cancel may be called from another thread.
 *   Numerics   for a given engine thread count every result is bit-reproducible. Rows of norm zero have
 *              gradient and Hessian-vector product zero (docs/arithmetic.md).
 */
#ifndef VICINAL_VICINAL_H_
#define VICINAL_VICINAL_H_

#include <stdint.h>

#ifndef VICINAL_API
#define VICINAL_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define VICINAL_ABI_VERSION 8

typedef int vicinal_status;
#define VICINAL_OK 0
#define VICINAL_INVALID_ARGUMENT 1 /* a size, pointer, label or parameter is wrong              */
#define VICINAL_OUT_OF_MEMORY 2    /* the host or the device refused an allocation              */
#define VICINAL_UNAVAILABLE 3      /* the device or instruction set is not on this machine      */
#define VICINAL_CANCELLED 4        /* vicinal_engine_cancel was called; outputs are unspecified */
#define VICINAL_INTERNAL 5         /* a defect of this library                                  */

/* The version that this library was built as; the Java side refuses another one. */
VICINAL_API int vicinal_abi_version(void);
/* The sentence of this thread's last failure, "" after a success. Valid until the thread's next call. */
VICINAL_API const char* vicinal_last_error(void);

/* ---- arrays ----------------------------------------------------------------------------------------- */

#define VICINAL_F32 1
#define VICINAL_F64 2
#define VICINAL_I64 3
#define VICINAL_MOST_DIMENSIONS 8

/* An argument, const or not: the entry says which arrays it writes. */
typedef struct vicinal_array {
  const char* name; /* in the sentence of a refusal */
  void* data;       /* NULL: not given. No alignment is required */
  int32_t dtype;    /* VICINAL_F32, _F64, _I64 */
  int32_t ndim;
  int64_t shape[VICINAL_MOST_DIMENSIONS]; /* ndim sizes */
} vicinal_array;

/* ---- devices and their memory --------------------------------------------------------------------- */

/* Adds the device of another library (libvicinal_cuda.so) to this process; again is fine. cuBLAS must be loaded
 * already. VICINAL_UNAVAILABLE, with the reason, when the library, its driver or a GPU is missing. */
VICINAL_API vicinal_status vicinal_device_open(const char* library);

/* Memory of a device: "cpu", "cuda" or "cuda:N" for the N-th GPU. Allocations are zero-filled and aligned to 256
 * bytes; freed memory is kept for the next allocation of its size until the limit needs it. */
VICINAL_API vicinal_status vicinal_memory_allocate(const char* device, int64_t bytes, void** address);
VICINAL_API vicinal_status vicinal_memory_release(const char* device, void* address); /* NULL is fine */
VICINAL_API vicinal_status vicinal_memory_zero(const char* device, void* address, int64_t bytes);
VICINAL_API vicinal_status vicinal_memory_write(const char* device, void* address, const void* host, int64_t bytes);
VICINAL_API vicinal_status vicinal_memory_read(const char* device, void* host, const void* address, int64_t bytes);
/* Bytes in use, held beside them for reuse, and the limit that both together keep to (0: all that the device has);
 * each may be NULL. On "cpu", held is what engines and curvatures have, over all that this library allocates. */
VICINAL_API vicinal_status vicinal_memory_usage(const char* device, int64_t* in_use, int64_t* held, int64_t* limit);
VICINAL_API vicinal_status vicinal_memory_set_limit(const char* device, int64_t bytes);

/* ---- worker threads of the processor ----------------------------------------------------------------- */

/* How many threads, 1..wanted, a call of this thread can work with: proves that they start. A call with more threads
 * than start runs on those that do, with the same results. */
VICINAL_API int32_t vicinal_threads_usable(int32_t wanted);
/* After a call: ends the worker threads that wait for this thread's next one, if the process keeps very many. */
VICINAL_API void vicinal_threads_trim(void);
/* Worker threads that wait for the next call of any thread. */
VICINAL_API int32_t vicinal_threads_kept(void);

/* ---- engine: a device, its threads and its workspace -------------------------------------------- */

typedef struct vicinal_engine vicinal_engine;

#define VICINAL_ISA_AUTO 0   /* the best that the processor has      */
#define VICINAL_ISA_BASE 1   /* x86-64: SSE2                         */
#define VICINAL_ISA_AVX2 2   /* x86-64-v3: AVX2, FMA                 */
#define VICINAL_ISA_AVX512 3 /* x86-64-v4: AVX-512 F, BW, CD, DQ, VL */

#define VICINAL_PRECISION_F32 0  /* products in the arrays' own type                                     */
#define VICINAL_PRECISION_TF32 1 /* float32 products from inputs rounded to 10 fraction bits; "cuda" only */
#define VICINAL_PRECISION_BF16 2 /* float32 products from inputs rounded to  7 fraction bits; "cuda" only */

typedef struct vicinal_engine_options {
  uint32_t struct_size;    /* sizeof(vicinal_engine_options)                                     */
  int32_t threads;         /* worker threads, 1 or more; 0: all that the process may use         */
  int64_t workspace_bytes; /* tile memory that one call may hold; 0: 256 MiB, on "cuda" a quarter of the device's;
                              at least 1 MiB */
  int32_t isa;             /* VICINAL_ISA_*; a set the processor lacks is VICINAL_UNAVAILABLE    */
  int32_t precision;       /* VICINAL_PRECISION_*; sums and everything but products stay as they are */
} vicinal_engine_options;

/* Creates an engine on `device`: "cpu", or after vicinal_device_open "cuda" or "cuda:N". options or NULL for the
 * defaults. */
VICINAL_API vicinal_status vicinal_engine_create(const char* device, const vicinal_engine_options* options,
                                                 vicinal_engine** engine);
VICINAL_API void vicinal_engine_destroy(vicinal_engine* engine);             /* NULL is fine */
VICINAL_API const char* vicinal_engine_device(const vicinal_engine* engine); /* "cpu", "cuda" */
VICINAL_API const char* vicinal_engine_isa(const vicinal_engine* engine);    /* "base", "avx2", "avx512"; "sm_90" */
VICINAL_API int32_t vicinal_engine_threads(const vicinal_engine* engine);
VICINAL_API const char* vicinal_engine_blas(const vicinal_engine* engine); /* the BLAS's own description */
/* Makes the call in flight on this engine, if any, return VICINAL_CANCELLED within a tile's time.
 * A call clears the request when it starts. */
VICINAL_API void vicinal_engine_cancel(vicinal_engine* engine);

/* ---- proxy losses (docs/losses/) ----------------------------------------------------------------- */

/* A loss by its name, with those of its parameters that are given by theirs: the others have their defaults. A choice
 * is 0, its default, or 1. */
typedef struct vicinal_loss {
  uint32_t struct_size; /* sizeof(vicinal_loss) */
  const char* name;
  int32_t count; /* parameters that are given, each once */
  const char* const* names;
  const double* values;
} vicinal_loss;

/* What the losses are: name, parameters, and what holds with given values. */
typedef struct vicinal_loss_parameter {
  const char* name;
  const char* choices;          /* of a choice: "default, other"; NULL: a number */
  int32_t whole;                /* 1: whole ones only                            */
  double standard, least, most; /* the default; the range with both its ends     */
} vicinal_loss_parameter;
/* The name of the loss at a place in the list, from 0; NULL: there are no more. */
VICINAL_API const char* vicinal_loss_name(int32_t loss);
/* Its parameter at a position, from 0; NULL: it has no more. */
VICINAL_API const vicinal_loss_parameter* vicinal_loss_parameter_at(int32_t loss, int32_t position);

#define VICINAL_DECOMPOSES 1  /* a mean of the samples' own losses, a regulariser aside                        */
#define VICINAL_SOFTMAX 2     /* a cross-entropy over scaled cosines, a margin on the label's logit aside      */
#define VICINAL_SOFT_LABELS 4 /* a row of class weights may take the place of a label                          */
/* traits: the sum of those that hold. */
VICINAL_API vicinal_status vicinal_loss_traits(const vicinal_loss* spec, int32_t* traits);

/* Value and gradients of a loss over one batch.
 *   embeddings [B, d]; labels [B] in 0..C-1; proxies [C*K, d], class c owns rows cK..cK+K-1;
 *   weights [B] or NULL (ones), finite and >= 0; soft_labels [B, C] or NULL, finite and >= 0, in place of
 *   the one-hot label (losses of VICINAL_SOFT_LABELS).
 *   loss: (1/B) sum_i w_i L_i, plus soft-triple's regulariser; proxy-anchor: its own sum over proxies.
 *   empty: samples whose denominator is empty and whose loss is therefore 0, or NULL.
 *   per_sample [B] unweighted L_i, or NULL (must be NULL for proxy-anchor's column form);
 *   grad_embeddings [B, d] or NULL; grad_proxies [C*K, d] or NULL: of `loss`, to the raw vectors. */
VICINAL_API vicinal_status vicinal_loss_gradient(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                                 const vicinal_array* embeddings, const vicinal_array* labels,
                                                 const vicinal_array* proxies, const vicinal_array* weights,
                                                 const vicinal_array* soft_labels, double* loss, int64_t* empty,
                                                 const vicinal_array* per_sample, const vicinal_array* grad_embeddings,
                                                 const vicinal_array* grad_proxies);

/* The Hessian of `loss` over (embeddings, proxies) jointly, applied to the direction
 * (direction_embeddings [B, d], direction_proxies [C*K, d]); NULL means a zero direction, not both.
 * hvp_embeddings [B, d] or NULL; hvp_proxies [C*K, d] or NULL. Exact: no differences, no sampling. */
VICINAL_API vicinal_status vicinal_loss_hvp(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                            const vicinal_array* embeddings, const vicinal_array* labels,
                                            const vicinal_array* proxies, const vicinal_array* weights,
                                            const vicinal_array* soft_labels, const vicinal_array* direction_embeddings,
                                            const vicinal_array* direction_proxies, const vicinal_array* hvp_embeddings,
                                            const vicinal_array* hvp_proxies);

/* ---- head: embeddings Z = X W' + b over cached features ------------------------------------------- */

/* embeddings [N, d] = features [N, D] * weight[d, D]' + bias [d] (or NULL). */
VICINAL_API vicinal_status vicinal_head_embed(vicinal_engine* engine, const vicinal_array* features,
                                              const vicinal_array* weight, const vicinal_array* bias,
                                              const vicinal_array* embeddings);

/* Value and gradients of the loss of the head's embeddings with respect to weight [d, D], bias [d] and
 * proxies [C*K, d]; each gradient may be NULL, and bias may be NULL (then grad_bias must be).
 * Streamed in row blocks of at most the engine's workspace; proxy-anchor treats the N rows as one batch. */
VICINAL_API vicinal_status vicinal_head_gradient(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                                 const vicinal_array* features, const vicinal_array* labels,
                                                 const vicinal_array* weights, const vicinal_array* soft_labels,
                                                 const vicinal_array* weight, const vicinal_array* bias,
                                                 const vicinal_array* proxies, double* loss, int64_t* empty,
                                                 const vicinal_array* per_sample, const vicinal_array* grad_weight,
                                                 const vicinal_array* grad_bias, const vicinal_array* grad_proxies);

/* The curvature of that loss at one point (weight, bias, proxies): keeps what Hessian-vector products share
 * (unit embeddings, norms, output gradients, and logits when they fit the workspace). It BORROWS features,
 * labels, weights, soft_labels and copies the parameters: the former must outlive it, unchanged. */
typedef struct vicinal_curvature vicinal_curvature;
VICINAL_API vicinal_status vicinal_curvature_create(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                                    const vicinal_array* features, const vicinal_array* labels,
                                                    const vicinal_array* weights, const vicinal_array* soft_labels,
                                                    const vicinal_array* weight, const vicinal_array* bias,
                                                    const vicinal_array* proxies, vicinal_curvature** curvature);
VICINAL_API void vicinal_curvature_destroy(vicinal_curvature* curvature); /* NULL is fine */
/* Exact Hessian-vector product over (weight, bias, proxies) jointly. A NULL direction is zero (not all three),
 * a NULL output is not computed. Arrays have the type of the curvature's features. */
VICINAL_API vicinal_status vicinal_curvature_hvp(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                 const vicinal_array* direction_weight,
                                                 const vicinal_array* direction_bias,
                                                 const vicinal_array* direction_proxies,
                                                 const vicinal_array* hvp_weight, const vicinal_array* hvp_bias,
                                                 const vicinal_array* hvp_proxies);

/* ---- influence: many directions at one curvature ---------------------------------------------------- */

/* Cosine softmax losses are those of VICINAL_SOFTMAX. */
#define VICINAL_HESSIAN 0      /* the full Hessian                                                   */
#define VICINAL_GAUSS_NEWTON 1 /* J' (diag pi - pi pi') J; cosine softmax losses only                */
#define VICINAL_FISHER 2       /* (1/N) sum_i w_i (dL_i)(dL_i)'; not proxy-anchor's column form       */

/* out_q = M_q direction_q for m directions over (weight, proxies), the bias constant.
 *   direction_weight [m, d, D], direction_proxies [m, C*K, d]: NULL is zero, not both; product_* alike, NULL is not
 *   computed. change_offsets [m+1] or NULL, ascending from 0: M_q has the weights w_i + change_deltas[j] for the
 *   samples i = change_ids[j], j in change_offsets[q] .. change_offsets[q+1]; the divisor N stays (not proxy-anchor's
 *   column form). soft-triple's regulariser belongs to the Hessian alone. */
VICINAL_API vicinal_status vicinal_curvature_products(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                      int32_t kind, const vicinal_array* direction_weight,
                                                      const vicinal_array* direction_proxies,
                                                      const int64_t* change_offsets, const int64_t* change_ids,
                                                      const double* change_deltas, const vicinal_array* product_weight,
                                                      const vicinal_array* product_proxies);
/* scores [m, N]: the derivative of every L_i along m directions, unweighted and not divided by N. proxy-anchor's column
 * form: the derivative by w_i, at w_i, of N times the derivative of the loss along the direction. */
VICINAL_API vicinal_status vicinal_curvature_scores(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                    const vicinal_array* direction_weight,
                                                    const vicinal_array* direction_proxies,
                                                    const vicinal_array* scores);
/* units [N, d] or NULL: unit embeddings; gradients [N, d] or NULL: g_i with dL_i/dweight = g_i x_i', unweighted (must
 * be NULL for proxy-anchor's column form). */
VICINAL_API vicinal_status vicinal_curvature_sample_gradients(vicinal_engine* engine,
                                                              const vicinal_curvature* curvature,
                                                              const vicinal_array* units,
                                                              const vicinal_array* gradients);
/* One direction, [1, ...], samples i in from .. from + rows, cosine softmax losses only.
 *   by_proxy [rows, C] or NULL: the sample's score split by proxy, a row's sum is its score;
 *   relabel [rows, C] or NULL: the score that the sample would have if its label were c, minus its score; 0 at its own
 *   label; the margin moves with the label. */
VICINAL_API vicinal_status vicinal_curvature_tables(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                    const vicinal_array* direction_weight,
                                                    const vicinal_array* direction_proxies, int64_t from,
                                                    const vicinal_array* by_proxy, const vicinal_array* relabel);
/* change [N]: L_i at weight + sum_r left_r right_r' minus L_i at weight; left [R, d], right [R, D]. Not proxy-anchor's
 * column form. */
VICINAL_API vicinal_status vicinal_curvature_loss_change(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                         const vicinal_array* left, const vicinal_array* right,
                                                         const vicinal_array* change);

/* ---- Kronecker factors and diagonals of the weight's curvature ------------------------------------------ */

/* feature_factor [D, D] or NULL: (1/N) X' diag(w) X. output_factor [d, d] or NULL: (1/N) sum_i w_i times the d x d
 * Gauss-Newton block of sample i; cosine softmax losses only. Exact, and exactly symmetric. */
VICINAL_API vicinal_status vicinal_curvature_factors(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                     const vicinal_array* feature_factor,
                                                     const vicinal_array* output_factor);
/* The exact diagonal of a curvature matrix (VICINAL_HESSIAN, _GAUSS_NEWTON: cosine softmax losses only; _FISHER: not
 * proxy-anchor's column form): weight [d, D] or NULL; proxies [C, d] or NULL, which is Gauss-Newton's whatever the
 * kind and needs a cosine softmax. */
VICINAL_API vicinal_status vicinal_curvature_diagonal(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                      int32_t kind, const vicinal_array* weight,
                                                      const vicinal_array* proxies);
/* out [N]: sum_ab g_ia^2 inverse_ab x_ib^2 with g_i x_i' the unweighted gradient of L_i by the weight; inverse [d, D].
 * Not proxy-anchor's column form. */
VICINAL_API vicinal_status vicinal_curvature_self_influence(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                            const vicinal_array* inverse, const vicinal_array* out);

/* One pass of h <- v + (1 - damping) h - (1/scale) H_i h over the samples in order, from h = v, with H_i the Hessian of
 * the unweighted L_i over the weight: m recursions side by side, 0 <= damping <= 1. v [m, d, D] is given by factors,
 * v_q = left_q right, left [m, d, R], right [R, D], small R saving work; h [m, d, D] is not divided by scale. The
 * arithmetic of the step-by-step loop up to rounding. Not proxy-anchor's column form. */
VICINAL_API vicinal_status vicinal_curvature_seed_recursion(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                            double damping, double scale, const vicinal_array* left,
                                                            const vicinal_array* right, const vicinal_array* h);

/* ---- optimisation: one step over many parameters, in place ----------------------------------------- */

/* A rule, as torch.optim has it, for a parameter p with gradient g after clipping; between brackets its states, which
 * are zeros at first.
 *   SGD, NESTEROV   [velocity, needed where momentum > 0]  g += weight_decay p;
 *                   v = step 1 ? g : momentum v + g;  p -= lr v, NESTEROV lr (g + momentum v)
 *   ADAM, ADAMW     [first moment, second moment]  eps is added after the square root of the bias-corrected second
 *                   moment; ADAMW: p *= 1 - lr weight_decay in place of g += weight_decay p
 *   RMSPROP         [mean square s, velocity where momentum > 0]  g += weight_decay p;
 *                   s = beta2 s + (1 - beta2) g^2;  u = g / (sqrt(s) + eps);  v = momentum v + u;  p -= lr v (or u)
 *   CENTERED_       [the same two, mean gradient a]  a += (1 - beta2) (g - a), and s - a^2, at least 0, in place of s
 *     RMSPROP       under the root */
#define VICINAL_SGD 0
#define VICINAL_NESTEROV 1
#define VICINAL_ADAM 2
#define VICINAL_ADAMW 3
#define VICINAL_RMSPROP 4
#define VICINAL_CENTERED_RMSPROP 5

/* What a step does to one parameter; what its rule does not have is not looked at, but finite. */
typedef struct vicinal_update {
  int64_t step; /* of this parameter, counted from 1 */
  double lr;
  double weight_decay;
  double eps;
  double momentum;
  double beta1;
  double beta2;      /* RMSprop's alpha */
  double clip_value; /* elements of the gradient are clamped to +-clip_value; 0: not */
  double clip_norm;  /* the gradients of a set are multiplied by clip_norm / (their common norm + 1e-6) where that is
                        below 1; 0: not. Not together with clip_value */
  int64_t clip_set;  /* its set's number, 0..65535 */
} vicinal_update;

/* arrays: for each of count parameters, one after the other, the parameter, its gradient, which is only read, and the
 * rule's states; a state that is not needed may be without data. One shape for each parameter, any.
 * norm: of all gradients before clipping, in double. nonfinite: -1; i < count when the gradient of parameter i is the
 * first with a NaN or infinity: then nothing was changed; count + i when the step made one in parameter i. */
VICINAL_API vicinal_status vicinal_update_parameters(vicinal_engine* engine, int32_t rule, int32_t count,
                                                     const vicinal_update* updates, const vicinal_array* arrays,
                                                     double* norm, int64_t* nonfinite);
/* average += weight * (value - average), 0 <= weight <= 1, for count pairs of arrays: average, value. */
VICINAL_API vicinal_status vicinal_average(vicinal_engine* engine, double weight, int32_t count,
                                           const vicinal_array* arrays);

/* ---- elements of arrays of any shape --------------------------------------------------------------- */

/* values[i] clamped to [low, high], low < high; either may be infinite. NaN stays NaN. */
VICINAL_API vicinal_status vicinal_clip(vicinal_engine* engine, double low, double high, const vicinal_array* values);
/* lowest = the smallest element of values, or NaN if one is NaN. */
VICINAL_API vicinal_status vicinal_lowest(vicinal_engine* engine, const vicinal_array* values, double* lowest);
/* out[i] = 1 / (x[i] + shift), in double and rounded; shift finite. */
VICINAL_API vicinal_status vicinal_reciprocal(vicinal_engine* engine, double shift, const vicinal_array* x,
                                              const vicinal_array* out);
/* first = smallest row-major index of a NaN or infinity in values, -1 if there is none. */
VICINAL_API vicinal_status vicinal_find_nonfinite(vicinal_engine* engine, const vicinal_array* values, int64_t* first);

/* ---- rows ------------------------------------------------------------------------------------------ */

/* out [n, columns] = rows ids[n] of values [N, columns]; an id outside 0..N-1 is an error. */
VICINAL_API vicinal_status vicinal_gather_rows(vicinal_engine* engine, const vicinal_array* values,
                                               const vicinal_array* ids, const vicinal_array* out);
/* out [n, columns] = rows divided by their Euclidean norm; zero rows stay zero. out may be values. */
VICINAL_API vicinal_status vicinal_normalize_rows(vicinal_engine* engine, const vicinal_array* values,
                                                  const vicinal_array* out);

/* ---- retrieval by rank counting (docs/metrics.md) ---------------------------------------------------- */

/* For each query, the rank (1 = nearest) of each of its relevant gallery rows, in ascending order, by squared
 * Euclidean distance over all gallery rows but the query's own; equal distances are ordered by lower gallery id.
 *   queries [Q, d]; gallery [G, d];
 *   self [Q] or NULL: the gallery row that is the query itself and is left out, -1 for none;
 *   offsets [Q+1], ascending from 0: query q's relevant rows are relevant[offsets[q] .. offsets[q+1]), gallery
 *   ids in ascending order, without self[q], offsets[Q] in all.
 *   ranks as relevant; tied [Q] or NULL, host memory: 1 if some relevant row has exactly the distance of a row that is
 *   not relevant, else 0.
 * Exact: single-precision tiles decide only what their error bound allows, the rest is decided in double. */
VICINAL_API vicinal_status vicinal_rank(vicinal_engine* engine, const vicinal_array* queries,
                                        const vicinal_array* gallery, const vicinal_array* self,
                                        const vicinal_array* offsets, const vicinal_array* relevant,
                                        const vicinal_array* ranks, int8_t* tied);

/* ---- nearest neighbours ------------------------------------------------------------------------------ */

/* The k nearest gallery rows of each query by squared Euclidean distance, nearest first; equal distances are ordered by
 * lower gallery id.
 *   queries [Q, d]; gallery [G, d];
 *   self [Q] or NULL: the gallery row that is the query itself and is left out, -1 for none;
 *   ids [Q, k], k from 1 to G, or to G-1 where self is given; distances [Q, k] or NULL: squared, in double.
 * All arrays are on the device while the call lasts: those of the host whole, the gallery once where the queries are
 * rows of it; what does not fit is VICINAL_OUT_OF_MEMORY. Exact, to the bits of exact_distance.hpp. "cpu" is
 * VICINAL_UNAVAILABLE: there FAISS searches, with the same result (neighbours.hpp). */
VICINAL_API vicinal_status vicinal_nearest(vicinal_engine* engine, const vicinal_array* queries,
                                           const vicinal_array* gallery, const vicinal_array* self,
                                           const vicinal_array* ids, const vicinal_array* distances);

/* Pairs of rows whose squared Euclidean distance is at most `limit`, 0 or more, infinity for all pairs.
 *   rows [N, d]; others [G, d], or NULL: the rows themselves, every two of them once, the lower number first;
 *   most: pairs that are kept, closest first, equal ones by the lower first, then the lower second;
 *   first, second, distances [most], host memory, or NULL where most is 0: the kept pairs, min(most, total) of them;
 *   total: how many there are;
 *   zeros: NULL, or how many rows are all zeros, which are then in no pair, as is right for distances of unit rows.
 * All arrays are on the device while the call lasts. Exact, to the bits of exact_distance.hpp. */
VICINAL_API vicinal_status vicinal_close_pairs(vicinal_engine* engine, const vicinal_array* rows,
                                               const vicinal_array* others, double limit, int64_t most, int32_t* first,
                                               int32_t* second, double* distances, int64_t* total, int64_t* zeros);

/* ---- vectors: x [m, ...] as m rows of n elements, one scalar per row ---------------------------------- */

/* dots[q] = sum over i of x[q, i] y[q, i], summed in double; x may be y. */
VICINAL_API vicinal_status vicinal_dots(vicinal_engine* engine, const vicinal_array* x, const vicinal_array* y,
                                        double* dots);
/* y[q, i] += alpha[q] x[q, i]. alpha [m], finite. */
VICINAL_API vicinal_status vicinal_axpy(vicinal_engine* engine, const double* alpha, const vicinal_array* x,
                                        const vicinal_array* y);
/* y[q, i] = x[q, i] + beta[q] y[q, i]. beta [m], finite. */
VICINAL_API vicinal_status vicinal_xpby(vicinal_engine* engine, const vicinal_array* x, const double* beta,
                                        const vicinal_array* y);
/* out[q, i] = shared[i] x[q, i]; out may be x. */
VICINAL_API vicinal_status vicinal_multiply(vicinal_engine* engine, const vicinal_array* shared, const vicinal_array* x,
                                            const vicinal_array* out);

/* ---- dense matrices ------------------------------------------------------------------------------------ */

/* c [m, n] = op(a) op(b), with a [m, k], or [k, m] when it is transposed, and b [k, n], or [n, k]. */
VICINAL_API vicinal_status vicinal_gemm(vicinal_engine* engine, int32_t transpose_a, int32_t transpose_b,
                                        const vicinal_array* a, const vicinal_array* b, const vicinal_array* c);
/* Eigendecomposition of a symmetric matrix [n, n], n up to 32000, of which the upper triangle is read: its row k
 * becomes the k-th unit eigenvector, whose largest component (the first of equals) is positive; values [n] ascend. A
 * NaN or an infinity is an error. One thread; a cancel request is seen only before it starts. */
VICINAL_API vicinal_status vicinal_symmetric_eigen(vicinal_engine* engine, const vicinal_array* matrix,
                                                   const vicinal_array* values);

/* ---- programs (docs/programs.md) ------------------------------------------------------------------------ */

/* A graph of operations, from its text. Reads nothing of the text afterwards. Any number of engines may run it. */
typedef struct vicinal_program vicinal_program;
VICINAL_API vicinal_status vicinal_program_create(const char* text, vicinal_program** program);
VICINAL_API void vicinal_program_destroy(vicinal_program* program); /* NULL is fine */
/* What a run with inputs of these types and shapes gives: name (valid as long as the program), dtype, ndim and shape of
 * every output are written; bytes of temporaries, or NULL. Inputs are in the order of the program's input lines, int64
 * or of one numeric type; arrays of rank 0 are float64. */
VICINAL_API vicinal_status vicinal_program_shapes(const vicinal_program* program, int32_t input_count,
                                                  const vicinal_array* inputs, int32_t output_count,
                                                  vicinal_array* outputs, int64_t* bytes);
/* One run. Outputs in the order of the program's output lines. Plans are kept for the last sixteen sets of shapes. */
VICINAL_API vicinal_status vicinal_program_run(vicinal_engine* engine, const vicinal_program* program,
                                               int32_t input_count, const vicinal_array* inputs, int32_t output_count,
                                               const vicinal_array* outputs);

/* ---- files as memory --------------------------------------------------------------------------------- */

/* Bytes [offset, offset + bytes) of a file as memory, read when they are touched; they may be inputs of every entry. A
 * file that ends earlier is an error, and one that is cut while it is mapped ends the process when the missing part is
 * touched. A write to the memory never reaches the file. */
VICINAL_API vicinal_status vicinal_map_file(const char* path, int64_t offset, int64_t bytes, const void** address);
/* Ends a mapping; address and bytes as for vicinal_map_file. */
VICINAL_API vicinal_status vicinal_unmap_file(const void* address, int64_t bytes);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* VICINAL_VICINAL_H_ */
