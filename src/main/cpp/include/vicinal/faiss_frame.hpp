/* faiss_frame.hpp: where and in which unit k-means works, and how it assigns; see faiss_clustering.hpp. Not bound to
 * Java. */
#ifndef VICINAL_FAISS_FRAME_HPP_
#define VICINAL_FAISS_FRAME_HPP_

#include <faiss/impl/FaissException.h>
#include <faiss/IndexFlat.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "vicinal/exact_distance.hpp"
#include "vicinal/faiss_interrupt.hpp"
#include "vicinal/faiss_threads.hpp"
#include "vicinal/neighbours.hpp"

namespace vicinal {
namespace faiss {
namespace detail {

/* (x - shift) * scale, in double. */
class Frame {
 public:
  void fit(int64_t n, const float* x, int64_t d, int threads, const Interrupt* interrupt) {
    shift_.assign(static_cast<size_t>(d), 0);
    for_slices(n, 4096, threads, interrupt, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        if (!std::isfinite(squared_norm(x + i * d, d))) {
          throw std::invalid_argument("row " + std::to_string(i) + " is not finite");
        }
      }
    });
    constexpr int64_t kColumns = 16; /* a cache line of a row */
    for_slices(d, kColumns, threads, interrupt, [&](int64_t from, int64_t to) {
      std::vector<float> columns(static_cast<size_t>((to - from) * n));
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = from; j < to; ++j) columns[static_cast<size_t>((j - from) * n + i)] = x[i * d + j];
      }
      for (int64_t j = from; j < to; ++j) {
        const auto first = columns.begin() + (j - from) * n;
        std::nth_element(first, first + n / 2, first + n);
        shift_[static_cast<size_t>(j)] = first[n / 2];
      }
    });
    double longest = 0; /* squared */
    for_slices(n, 4096, threads, interrupt, [&](int64_t from, int64_t to) {
      double here = 0;
      for (int64_t i = from; i < to; ++i) {
        double square = 0;
        for (int64_t j = 0; j < d; ++j) {
          const double value = x[i * d + j] - shift_[static_cast<size_t>(j)];
          square += value * value;
        }
        here = std::max(here, square);
      }
#pragma omp critical(vicinal_clustering_longest)
      longest = std::max(longest, here);
    });
    scale_ = longest > 0 ? std::ldexp(1.0, 40 - std::ilogb(std::sqrt(longest))) : 1;
  }

  std::vector<float> apply(int64_t n, const float* x, int threads, const Interrupt* interrupt) const {
    const int64_t d = static_cast<int64_t>(shift_.size());
    std::vector<float> out(static_cast<size_t>(n * d));
    for_slices(n, 4096, threads, interrupt, [&](int64_t from, int64_t to) {
      for (int64_t i = from * d; i < to * d; ++i) {
        const double value = (x[i] - shift_[static_cast<size_t>(i % d)]) * scale_;
        if (!(std::abs(value) < 1e38)) {
          throw std::invalid_argument("row " + std::to_string(i / d) +
                                      " is not finite, or too far from the rows that were clustered");
        }
        out[static_cast<size_t>(i)] = static_cast<float>(value);
      }
    });
    return out;
  }

  double back(float value, size_t column) const {
    return value / scale_ + shift_[column];
  }
  double scale() const {
    return scale_;
  }

 private:
  std::vector<double> shift_;
  double scale_ = 1;
};

/* The assignment index of k-means. FAISS fills empty clusters by copies of full ones, and rows that are all alike make
 * all centroids alike: the search is among the different ones, so that ties stay rare and cheap. */
class ExactFlatL2 : public ::faiss::IndexFlatL2 {
 public:
  ExactFlatL2(int d, int threads, const Interrupt* interrupt)
      : ::faiss::IndexFlatL2(d), threads_(threads), interrupt_(interrupt) {}
  void search(int64_t n, const float* x, int64_t k, float* distances, int64_t* labels,
              const ::faiss::SearchParameters* = nullptr) const override {
    if (k != 1) throw ::faiss::FaissException("an assignment asks for one centroid");
    std::vector<float> different;
    const std::vector<int64_t> names = different_rows(&different);
    std::vector<double> exact(static_cast<size_t>(n));
    exact_neighbours(n, x, static_cast<int64_t>(names.size()), different.data(), d, nullptr, 1, labels, exact.data(),
                     threads_, interrupt_);
    for (int64_t i = 0; i < n; ++i) {
      labels[i] = names[static_cast<size_t>(labels[i])];
      distances[i] = static_cast<float>(exact[static_cast<size_t>(i)]);
    }
  }

 private:
  /* The lowest number of each different row, ascending, and the rows. */
  std::vector<int64_t> different_rows(std::vector<float>* rows) const {
    const size_t bytes = static_cast<size_t>(d) * sizeof(float);
    const float* all = get_xb();
    std::vector<int64_t> names(static_cast<size_t>(ntotal));
    std::iota(names.begin(), names.end(), 0);
    std::sort(names.begin(), names.end(), [&](int64_t a, int64_t b) {
      const int order = std::memcmp(all + a * d, all + b * d, bytes);
      return order != 0 ? order < 0 : a < b;
    });
    names.erase(std::unique(names.begin(), names.end(),
                            [&](int64_t a, int64_t b) { return std::memcmp(all + a * d, all + b * d, bytes) == 0; }),
                names.end());
    std::sort(names.begin(), names.end());
    rows->reserve(names.size() * static_cast<size_t>(d));
    for (const int64_t name : names) rows->insert(rows->end(), all + name * d, all + (name + 1) * d);
    return names;
  }

  int threads_;
  const Interrupt* interrupt_;
};

}  // namespace detail
}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_FRAME_HPP_
