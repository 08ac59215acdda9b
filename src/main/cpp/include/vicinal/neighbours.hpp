/* neighbours: the k nearest gallery rows of each query, exactly, with FAISS proposing and double arithmetic deciding.
 *
 * Computes  ids[q, 0..k) ordered by (exact squared distance, lower id), without self[q]
 * Shapes    queries [Q, d]; gallery [G, d]; self [Q] or NULL, -1 for none; ids [Q, k]; distances [Q, k] or NULL
 * Method    FAISS's blocked |q|^2 + |g|^2 - 2qg has a rounding error of at most e = (d + 16) 2^-24 (|q| + |g|)^2. A
 *           query asks FAISS for a few more than k, re-orders them by exact_squared_distance, and is done when the k-th
 *           is closer than FAISS's last by more than e: then no row that was not proposed can belong to the answer.
 *           Otherwise (ties, duplicates, collapsed embeddings) all G rows are ordered in double.
 * Memory    per thread: at most kSliceEntries proposals of 12 bytes, and G pairs of 16 bytes for the second way
 * Determin. yes, for any thread count
 * Oracle    NeighboursTest: all distances in Java doubles, sorted
 */
#ifndef VICINAL_NEIGHBOURS_HPP_
#define VICINAL_NEIGHBOURS_HPP_

#include <faiss/utils/distances.h>
#include <faiss/utils/Heap.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "vicinal/exact_distance.hpp"
#include "vicinal/faiss_interrupt.hpp"
#include "vicinal/faiss_threads.hpp"

namespace vicinal {
namespace faiss {

/* ids [Q, k] and, unless NULL, squared distances [Q, k]. 1 <= k <= G, or G - 1 where self is given. */
inline void exact_neighbours(int64_t Q, const float* queries, int64_t G, const float* gallery, int64_t d,
                             const int64_t* self, int64_t k, int64_t* ids, double* distances, int threads,
                             const Interrupt* interrupt) {
  constexpr int64_t kSliceEntries = 1 << 20;
  constexpr double kUnit = 5.9604644775390625e-08; /* 2^-24: float32 rounding */
  constexpr double kLargest = 1e37;                /* squared norms below this cannot overflow float32 */
  constexpr double kUnderflow = 1e-37;             /* absolute error of sums that touch denormals */
  detail::initialise();
  const int64_t available = G - (self == nullptr ? 0 : 1);
  if (Q < 0 || d < 1 || k < 1 || k > available) {
    throw std::invalid_argument("k must be 1.." + std::to_string(available) + ", got " + std::to_string(k));
  }
  std::vector<float> gallery_norms(static_cast<size_t>(G));
  double largest = 0; /* squared */
  detail::for_slices(G, 4096, threads, interrupt, [&](int64_t from, int64_t to) {
    double largest_here = 0;
    for (int64_t g = from; g < to; ++g) {
      const double square = squared_norm(gallery + g * d, d);
      if (!std::isfinite(square)) throw std::invalid_argument("gallery row " + std::to_string(g) + " is not finite");
      largest_here = std::max(largest_here, square);
      gallery_norms[static_cast<size_t>(g)] = static_cast<float>(square);
    }
#pragma omp critical(vicinal_neighbours_largest)
    largest = std::max(largest, largest_here);
  });
  const double largest_norm = std::sqrt(largest);
  const int64_t asked = std::min(G, k + (self == nullptr ? 0 : 1) + std::max<int64_t>(8, k / 16));
  const int64_t slice =
      std::max<int64_t>(1, std::min(detail::slice_of(Q, G, d, threads), kSliceEntries / std::max<int64_t>(1, asked)));

  detail::for_slices(Q, slice, threads, interrupt, [&](int64_t from, int64_t to) {
    using Candidate = std::pair<double, int64_t>;
    const int64_t n = to - from;
    const bool proposals = asked < G && largest < kLargest;
    std::vector<float> near(proposals ? static_cast<size_t>(n * asked) : 0);
    std::vector<int64_t> proposed(near.size());
    if (proposals) {
      ::faiss::float_maxheap_array_t heaps = {static_cast<size_t>(n), static_cast<size_t>(asked), proposed.data(),
                                              near.data()};
      ::faiss::knn_L2sqr(queries + from * d, gallery, static_cast<size_t>(d), static_cast<size_t>(n),
                         static_cast<size_t>(G), &heaps, gallery_norms.data());
    }
    std::vector<Candidate> candidates;
    for (int64_t q = from; q < to; ++q) {
      const float* query = queries + q * d;
      const int64_t own = self == nullptr ? -1 : self[q];
      double norm = squared_norm(query, d);
      if (!std::isfinite(norm)) throw std::invalid_argument("query row " + std::to_string(q) + " is not finite");
      norm = std::sqrt(norm);
      bool decided = false;
      if (proposals && norm * norm < kLargest) {
        const int64_t* row = proposed.data() + (q - from) * asked;
        candidates.clear();
        for (int64_t i = 0; i < asked; ++i) {
          if (row[i] >= 0 && row[i] != own) {
            candidates.emplace_back(exact_squared_distance(query, gallery + row[i] * d, d), row[i]);
          }
        }
        if (static_cast<int64_t>(candidates.size()) >= k) {
          std::sort(candidates.begin(), candidates.end());
          const double last = near[static_cast<size_t>((q - from + 1) * asked - 1)];
          const double kth = candidates[static_cast<size_t>(k - 1)].first;
          /* A row whose norm exceeds |q| + sqrt(kth) is farther than the k-th whatever FAISS computed. */
          const double reach = norm + std::min(largest_norm, norm + std::sqrt(kth));
          const double error = static_cast<double>(d + 16) * kUnit * reach * reach + kUnderflow;
          decided = kth < last - error;
        }
      }
      if (!decided) {
        detail::throw_if(interrupt);
        candidates.clear();
        for (int64_t g = 0; g < G; ++g) {
          if (g != own) candidates.emplace_back(exact_squared_distance(query, gallery + g * d, d), g);
        }
        std::partial_sort(candidates.begin(), candidates.begin() + k, candidates.end());
      }
      for (int64_t i = 0; i < k; ++i) {
        ids[q * k + i] = candidates[static_cast<size_t>(i)].second;
        if (distances != nullptr) distances[q * k + i] = candidates[static_cast<size_t>(i)].first;
      }
    }
  });
}

}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_NEIGHBOURS_HPP_
