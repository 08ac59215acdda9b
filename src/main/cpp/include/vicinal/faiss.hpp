/* faiss.hpp: the part of FAISS that Vicinal binds, in a shape that one JavaCPP map can serve.
 *
 * Why not the FAISS headers themselves: idx_t moved between releases (faiss::Index::idx_t in 1.7, faiss::idx_t later),
 * ownership is by raw pointer, and the thread count is a global. Here ids are int64_t, an Index is a shared handle (an
 * index that wraps another keeps it alive), and every long call takes its thread count and an optional Interrupt.
 *
 * Threads   libgomp is the only pool. A search runs `threads` workers, each on slices of the queries with one FAISS
 *           thread; OpenBLAS is set to one thread. Handles are safe for concurrent searches; anything that changes an
 *           index (train, add, reset, set_parameter) needs exclusive use, as in FAISS.
 * Errors    exceptions only, never out of a parallel region; JavaCPP makes them RuntimeException with the same text.
 * Layout    row-major, compact: x[i * d + j]. Buffers are the caller's and borrowed for the call.
 */
#ifndef VICINAL_FAISS_HPP_
#define VICINAL_FAISS_HPP_

#include <faiss/AutoTune.h>
#include <faiss/Clustering.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFlat.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vicinal/faiss_interrupt.hpp"
#include "vicinal/faiss_threads.hpp"

namespace vicinal {
namespace faiss {

/* The distances of an index. The values are FAISS's. */
enum Metric { METRIC_INNER_PRODUCT = 0, METRIC_L2 = 1 };

/* The FAISS release that this was compiled with, as "1.7.3". */
inline std::string version() {
  return std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) + "." +
         std::to_string(FAISS_VERSION_PATCH);
}

/* Any FAISS index: a shared handle. Copies refer to the same index. */
class Index {
 public:
  Index(const Index& other) = default;
  Index& operator=(const Index& other) = default;
  virtual ~Index() {}

  int d() const { return static_cast<int>(index_->d); }
  int64_t ntotal() const { return index_->ntotal; }
  bool is_trained() const { return index_->is_trained; }
  int metric_type() const { return static_cast<int>(index_->metric_type); }

  /* x [n, d]. threads 0: all; interrupt or NULL. */
  void train(int64_t n, const float* x, int threads, const Interrupt* interrupt) {
    detail::CallScope scope(threads, interrupt);
    index_->train(n, x);
  }
  void add(int64_t n, const float* x, int threads, const Interrupt* interrupt) {
    detail::CallScope scope(threads, interrupt);
    index_->add(n, x);
  }
  /* ids [n]: only for an index that keeps ids (IndexIDMap, IVF). */
  void add_with_ids(int64_t n, const float* x, const int64_t* ids, int threads, const Interrupt* interrupt) {
    detail::CallScope scope(threads, interrupt);
    index_->add_with_ids(n, x, ids);
  }
  /* The k nearest of each query: distances [n, k] (L2: squared; inner product: largest first) and ids [n, k], -1 where
   * there is none. */
  void search(int64_t n, const float* x, int64_t k, float* distances, int64_t* ids, int threads,
              const Interrupt* interrupt) const {
    if (k <= 0) throw ::faiss::FaissException("k must be at least 1, got " + std::to_string(k));
    const int64_t width = index_->d;
    const int64_t slice = detail::slice_of(n, index_->ntotal, width, threads);
    detail::for_slices(n, slice, threads, interrupt, [&](int64_t from, int64_t to) {
      index_->search(to - from, x + from * width, k, distances + from * k, ids + from * k);
    });
  }
  /* out [d]: the stored vector of an id, where the index keeps it. */
  void reconstruct(int64_t id, float* out) const { index_->reconstruct(id, out); }
  void reset() { index_->reset(); }
  /* FAISS's run-time parameters by name: "nprobe", "efSearch", ... */
  void set_parameter(const std::string& name, double value) {
    ::faiss::ParameterSpace().set_index_parameter(index_.get(), name, value);
  }

  /* For C++ callers. */
  ::faiss::Index* get() const { return index_.get(); }
  const std::shared_ptr<::faiss::Index>& handle() const { return index_; }
  explicit Index(std::shared_ptr<::faiss::Index> index) : index_(std::move(index)) { detail::initialise(); }

 protected:
  std::shared_ptr<::faiss::Index> index_;
};

/* Exhaustive search, exact up to float32 rounding. */
class IndexFlat : public Index {
 public:
  IndexFlat(int d, Metric metric)
      : Index(std::make_shared<::faiss::IndexFlat>(d, static_cast<::faiss::MetricType>(metric))) {}
};
class IndexFlatL2 : public IndexFlat {
 public:
  explicit IndexFlatL2(int d) : IndexFlat(d, METRIC_L2) {}
};
class IndexFlatIP : public IndexFlat {
 public:
  explicit IndexFlatIP(int d) : IndexFlat(d, METRIC_INNER_PRODUCT) {}
};

/* Inverted lists: nlist cells of `quantizer` (kept alive), nprobe of them visited per query. Train before adding. */
class IndexIVFFlat : public Index {
 public:
  IndexIVFFlat(const Index& quantizer, int d, int64_t nlist, Metric metric)
      : Index(make(quantizer, d, nlist, static_cast<::faiss::MetricType>(metric))) {}
  int64_t nlist() const { return static_cast<int64_t>(ivf()->nlist); }
  int64_t nprobe() const { return static_cast<int64_t>(ivf()->nprobe); }
  void set_nprobe(int64_t nprobe) {
    if (nprobe <= 0) throw ::faiss::FaissException("nprobe must be at least 1, got " + std::to_string(nprobe));
    ivf()->nprobe = static_cast<size_t>(nprobe);
  }

 private:
  ::faiss::IndexIVFFlat* ivf() const { return static_cast<::faiss::IndexIVFFlat*>(index_.get()); }
  static std::shared_ptr<::faiss::Index> make(const Index& quantizer, int d, int64_t nlist,
                                              ::faiss::MetricType metric) {
    std::shared_ptr<::faiss::Index> kept = quantizer.handle();
    return std::shared_ptr<::faiss::Index>(new ::faiss::IndexIVFFlat(kept.get(), d, nlist, metric),
                                           [kept](::faiss::Index* p) { delete p; });
  }
};

/* Hierarchical navigable small world graph with M links per node. */
class IndexHNSWFlat : public Index {
 public:
  IndexHNSWFlat(int d, int M, Metric metric)
      : Index(std::make_shared<::faiss::IndexHNSWFlat>(d, M, static_cast<::faiss::MetricType>(metric))) {}
  int efConstruction() const { return hnsw()->hnsw.efConstruction; }
  void set_efConstruction(int ef) { hnsw()->hnsw.efConstruction = ef; }
  int efSearch() const { return hnsw()->hnsw.efSearch; }
  void set_efSearch(int ef) { hnsw()->hnsw.efSearch = ef; }

 private:
  ::faiss::IndexHNSWFlat* hnsw() const { return static_cast<::faiss::IndexHNSWFlat*>(index_.get()); }
};

/* Gives `inner` (kept alive, empty) the ids of add_with_ids. */
class IndexIDMap : public Index {
 public:
  explicit IndexIDMap(const Index& inner) : Index(wrap(inner)) {}

 private:
  static std::shared_ptr<::faiss::Index> wrap(const Index& inner) {
    std::shared_ptr<::faiss::Index> kept = inner.handle();
    return std::shared_ptr<::faiss::Index>(new ::faiss::IndexIDMap(kept.get()),
                                           [kept](::faiss::Index* p) { delete p; });
  }
};

/* An index from FAISS's description, e.g. "Flat", "IVF256,Flat", "HNSW32". */
inline Index index_factory(int d, const std::string& description, Metric metric) {
  return Index(std::shared_ptr<::faiss::Index>(
      ::faiss::index_factory(d, description.c_str(), static_cast<::faiss::MetricType>(metric))));
}

/* FAISS's own file format. */
inline void write_index(const Index& index, const std::string& path) {
  ::faiss::write_index(index.get(), path.c_str());
}
inline Index read_index(const std::string& path) {
  return Index(std::shared_ptr<::faiss::Index>(::faiss::read_index(path.c_str())));
}

/* k-means by FAISS: every point takes part (no subsampling), the seed is fixed, the assignment runs on our threads. */
class Clustering {
 public:
  Clustering(int d, int k) : niter(25), nredo(1), seed(1234), spherical(false), d_(d), k_(k), objective_(0) {
    detail::initialise();
    if (d <= 0 || k <= 0) throw ::faiss::FaissException("clustering needs d >= 1 and k >= 1");
  }
  Clustering(const Clustering&) = delete;
  Clustering& operator=(const Clustering&) = delete;

  int niter;
  int nredo;
  int seed;
  bool spherical;

  int d() const { return d_; }
  int k() const { return k_; }

  /* x [n, d], n >= k. */
  void train(int64_t n, const float* x, int threads, const Interrupt* interrupt) {
    detail::CallScope scope(threads, interrupt);
    detail::SlicedFlatL2 index(d_, threads, interrupt);
    ::faiss::ClusteringParameters parameters;
    parameters.niter = niter;
    parameters.nredo = nredo;
    parameters.seed = seed;
    parameters.spherical = spherical;
    parameters.min_points_per_centroid = 1;
    parameters.max_points_per_centroid = static_cast<int>(std::min<int64_t>((n + k_ - 1) / k_ + 1, INT32_MAX));
    ::faiss::Clustering clustering(d_, k_, parameters);
    clustering.train(n, x, index);
    centroids_ = clustering.centroids;
    objective_ = clustering.iteration_stats.empty() ? 0 : clustering.iteration_stats.back().obj;
  }
  /* out [k, d]. */
  void centroids(float* out) const { std::copy(centroids_.begin(), centroids_.end(), out); }
  /* Sum of squared distances to the nearest centroid in the last iteration, before its update. */
  double objective() const { return objective_; }
  /* out [n]: the nearest centroid of each row of x [n, d]. */
  void assign(int64_t n, const float* x, int64_t* out, int threads, const Interrupt* interrupt) const {
    if (centroids_.empty()) throw ::faiss::FaissException("assign needs a trained clustering");
    detail::SlicedFlatL2 index(d_, threads, interrupt);
    index.add(k_, centroids_.data());
    std::vector<float> distances(static_cast<size_t>(n));
    index.search(n, x, 1, distances.data(), out);
  }

 private:
  int d_;
  int k_;
  std::vector<float> centroids_;
  double objective_;
};

}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_HPP_
