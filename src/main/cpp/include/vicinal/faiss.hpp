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
 *           Whatever value would end the process inside FAISS (an assertion, an allocation inside one of its parallel
 *           regions, a division by zero) is refused here. Not checkable here: the sizes of the caller's buffers, and
 *           whether a file that read_index is given is honest. io.vicinal.retrieval.VectorIndex checks both.
 * Layout    row-major, compact: x[i * d + j]. Buffers are the caller's and borrowed for the call.
 */
#ifndef VICINAL_FAISS_HPP_
#define VICINAL_FAISS_HPP_

#include <faiss/AutoTune.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFlat.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "vicinal/faiss_checks.hpp"
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
    detail::check_rows(n, x, index_->d);
    index_->train(n, x);
  }
  void add(int64_t n, const float* x, int threads, const Interrupt* interrupt) {
    detail::CallScope scope(threads, interrupt);
    detail::check_rows(n, x, index_->d);
    index_->add(n, x);
  }
  /* ids [n]: only for an index that keeps ids (IndexIDMap, IVF). */
  void add_with_ids(int64_t n, const float* x, const int64_t* ids, int threads, const Interrupt* interrupt) {
    detail::CallScope scope(threads, interrupt);
    detail::check_rows(n, x, index_->d);
    detail::check_array("ids", ids, n, 1);
    index_->add_with_ids(n, x, ids);
  }
  /* The k nearest of each query: distances [n, k] (L2: squared; inner product: largest first) and ids [n, k], -1 where
   * there is none. */
  void search(int64_t n, const float* x, int64_t k, float* distances, int64_t* ids, int threads,
              const Interrupt* interrupt) const {
    const int64_t width = index_->d;
    if (k <= 0) detail::refuse("k must be at least 1, got " + std::to_string(k));
    detail::check_array("x", x, n, width);
    detail::check_array("distances", distances, n, k);
    detail::check_array("ids", ids, n, k);
    /* FAISS reserves k entries inside its parallel region, however few rows there are. */
    const int64_t found = std::min(k, std::max<int64_t>(1, index_->ntotal));
    const int64_t slice = detail::slice_of(n, index_->ntotal, width, threads);
    detail::for_slices(n, slice, threads, interrupt, [&](int64_t from, int64_t to) {
      if (found == k) {
        index_->search(to - from, x + from * width, k, distances + from * k, ids + from * k);
        return;
      }
      std::vector<float> near(static_cast<size_t>((to - from) * found));
      std::vector<int64_t> who(near.size());
      index_->search(to - from, x + from * width, found, near.data(), who.data());
      const float none = index_->metric_type == ::faiss::METRIC_INNER_PRODUCT ? -HUGE_VALF : HUGE_VALF;
      for (int64_t q = from; q < to; ++q) {
        const int64_t at = (q - from) * found;
        std::fill(std::copy_n(near.data() + at, found, distances + q * k), distances + (q + 1) * k, none);
        std::fill(std::copy_n(who.data() + at, found, ids + q * k), ids + (q + 1) * k, int64_t{-1});
      }
    });
  }
  /* out [d]: the stored vector of an id, where the index keeps it. */
  void reconstruct(int64_t id, float* out) const {
    if (dynamic_cast<const ::faiss::IndexIDMap*>(index_.get()) == nullptr && (id < 0 || id >= index_->ntotal)) {
      detail::refuse("id " + std::to_string(id) + " is not one of the " + std::to_string(index_->ntotal) + " rows");
    }
    detail::check_array("out", out, 1, index_->d);
    index_->reconstruct(id, out);
  }
  void reset() { index_->reset(); }
  /* FAISS's run-time parameters by name: "nprobe", "efSearch", ... */
  void set_parameter(const std::string& name, double value) {
    constexpr double kMost = 1 << 20; /* FAISS reserves that many entries per thread */
    if (!(value >= 0 && value <= kMost)) {
      detail::refuse(name + " must be 0.." + std::to_string(1 << 20) + ", got " + std::to_string(value));
    }
    ::faiss::ParameterSpace().set_index_parameter(index_.get(), name, value);
  }

  /* For C++ callers. */
  ::faiss::Index* get() const { return index_.get(); }
  const std::shared_ptr<::faiss::Index>& handle() const { return index_; }
  explicit Index(std::shared_ptr<::faiss::Index> index) : index_(std::move(index)) {
    detail::initialise();
    if (index_ == nullptr) detail::refuse("there is no index");
  }

 protected:
  std::shared_ptr<::faiss::Index> index_;
};

/* Exhaustive search, exact up to float32 rounding. */
class IndexFlat : public Index {
 public:
  IndexFlat(int d, Metric metric)
      : Index(std::make_shared<::faiss::IndexFlat>(detail::dimension(d), static_cast<::faiss::MetricType>(metric))) {}
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
    ivf()->nprobe = static_cast<size_t>(detail::in_range("nprobe", nprobe, 1, detail::kMostNumber));
  }

 private:
  ::faiss::IndexIVFFlat* ivf() const { return static_cast<::faiss::IndexIVFFlat*>(index_.get()); }
  static std::shared_ptr<::faiss::Index> make(const Index& quantizer, int d, int64_t nlist,
                                              ::faiss::MetricType metric) {
    std::shared_ptr<::faiss::Index> kept = quantizer.handle();
    if (kept->d != d) detail::refuse("the quantizer's d is " + std::to_string(kept->d) + ", not " + std::to_string(d));
    detail::in_range("nlist", nlist, 1, detail::kMostNumber);
    return std::shared_ptr<::faiss::Index>(new ::faiss::IndexIVFFlat(kept.get(), d, nlist, metric),
                                           [kept](::faiss::Index* p) { delete p; });
  }
};

/* Hierarchical navigable small world graph with M links per node. */
class IndexHNSWFlat : public Index {
 public:
  IndexHNSWFlat(int d, int M, Metric metric)
      : Index(std::make_shared<::faiss::IndexHNSWFlat>(detail::dimension(d),
                                                       static_cast<int>(detail::in_range("M", M, 2, 4096)),
                                                       static_cast<::faiss::MetricType>(metric))) {}
  int efConstruction() const { return hnsw()->hnsw.efConstruction; }
  void set_efConstruction(int ef) { hnsw()->hnsw.efConstruction = breadth(ef); }
  int efSearch() const { return hnsw()->hnsw.efSearch; }
  void set_efSearch(int ef) { hnsw()->hnsw.efSearch = breadth(ef); }

 private:
  static int breadth(int ef) { return static_cast<int>(detail::in_range("ef", ef, 1, 1 << 20)); }
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
  return Index(std::shared_ptr<::faiss::Index>(::faiss::index_factory(
      detail::dimension(d), detail::check_description(description).c_str(), static_cast<::faiss::MetricType>(metric))));
}

/* Takes `count` bytes; returns `count`, or less when it cannot. */
typedef int64_t (*Sink)(const void* bytes, int64_t count);

/* FAISS's own file format, to somebody who keeps it; throws as soon as the sink takes less than it is given. */
inline void write_index_to(const Index& index, Sink sink) {
  struct Writer : ::faiss::IOWriter {
    Sink sink;
    size_t operator()(const void* bytes, size_t size, size_t count) override {
      const int64_t asked = static_cast<int64_t>(size * count);
      return asked == 0 || sink(bytes, asked) == asked ? count : 0;
    }
  } writer;
  writer.name = "index";
  writer.sink = sink;
  ::faiss::write_index(index.get(), &writer);
}

/* FAISS's own file format. Returns when the bytes are on the disk; throws if they cannot get there. */
inline void write_index(const Index& index, const std::string& path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (file == nullptr) detail::refuse("could not open " + path + " for writing: " + std::strerror(errno));
  try {
    ::faiss::write_index(index.get(), file.get());
  } catch (const ::faiss::FaissException&) {
    if (std::ferror(file.get()) != 0) detail::refuse("could not write " + path + ": " + std::strerror(errno));
    throw;
  }
  /* FAISS closes a file without looking: what the buffer still holds is lost silently on a full disk. */
  const bool flushed = std::fflush(file.get()) == 0;
  if (!flushed || (fsync(fileno(file.get())) != 0 && errno != EINVAL && errno != EROFS)) {
    detail::refuse("could not write " + path + ": " + std::strerror(errno));
  }
}
/* The file is trusted: FAISS reserves what it says and follows the links that it holds. */
inline Index read_index(const std::string& path) {
  return Index(std::shared_ptr<::faiss::Index>(::faiss::read_index(path.c_str())));
}

}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_HPP_
