/* faiss_clustering.hpp: k-means by FAISS, on rows of any offset and scale.
 *
 * Computes  Lloyd's iterations of faiss::Clustering from its random rows; every point takes part, the seed is fixed
 * Shapes    x [n, d]; centroids [k, d]; ids [n]
 * Frame     k-means does not depend on where the rows lie nor on their unit, but |x|^2 + |c|^2 - 2xc in float32 does.
 *           So FAISS sees (x - shift) * scale: shift is each column's median, which leaves a constant column exactly
 *           zero and is not moved by a few extreme rows; scale is the power of two that brings the longest row to
 *           2^40, where squares neither overflow nor, for a row 2^100 times shorter, vanish.
 * Method    the assignment is exact_neighbours with k = 1 among different centroids: ids are always valid, equal
 *           distances go to the lower one, and no assertion of FAISS is within reach
 * Memory    one copy of the rows, and of d / 16 columns per thread
 * Determin. yes, for any thread count
 * Oracle    KMeansTest: shifted and scaled rows give the same clusters
 */
#ifndef VICINAL_FAISS_CLUSTERING_HPP_
#define VICINAL_FAISS_CLUSTERING_HPP_

#include <faiss/Clustering.h>
#include <faiss/impl/FaissException.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "vicinal/faiss_frame.hpp"
#include "vicinal/faiss_interrupt.hpp"
#include "vicinal/faiss_threads.hpp"

namespace vicinal {
namespace faiss {

/* k-means: train, then centroids, objective and assign. */
class Clustering {
 public:
  Clustering(int d, int k) : niter(25), nredo(1), seed(1234), d_(d), k_(k), objective_(0) {
    detail::initialise();
    if (d <= 0 || k <= 0) throw ::faiss::FaissException("clustering needs d >= 1 and k >= 1");
  }
  Clustering(const Clustering&) = delete;
  Clustering& operator=(const Clustering&) = delete;

  int niter;
  int nredo;
  int seed;

  int d() const { return d_; }
  int k() const { return k_; }

  /* x [n, d], finite, n >= k. */
  void train(int64_t n, const float* x, int threads, const Interrupt* interrupt) {
    if (n < k_ || x == nullptr) {
      throw ::faiss::FaissException(std::to_string(k_) + " clusters need as many rows, got " + std::to_string(n));
    }
    if (niter < 1 || nredo < 1) throw ::faiss::FaissException("clustering needs niter >= 1 and nredo >= 1");
    detail::CallScope scope(threads, interrupt);
    frame_.fit(n, x, d_, threads, interrupt);
    const std::vector<float> rows = frame_.apply(n, x, threads, interrupt);
    detail::ExactFlatL2 index(d_, threads, interrupt);
    ::faiss::ClusteringParameters parameters;
    parameters.niter = niter;
    parameters.nredo = nredo;
    parameters.seed = seed;
    parameters.min_points_per_centroid = 1;
    parameters.max_points_per_centroid = static_cast<int>(std::min<int64_t>((n + k_ - 1) / k_ + 1, INT32_MAX));
    ::faiss::Clustering clustering(d_, k_, parameters);
    clustering.train(n, rows.data(), index);
    centroids_ = clustering.centroids;
    const double unit = frame_.scale() * frame_.scale();
    objective_ = clustering.iteration_stats.empty() ? 0 : clustering.iteration_stats.back().obj / unit;
  }
  /* out [k, d]. */
  void centroids(float* out) const {
    for (size_t i = 0; i < centroids_.size(); ++i) {
      out[i] = static_cast<float>(frame_.back(centroids_[i], i % static_cast<size_t>(d_)));
    }
  }
  /* Sum of squared distances to the nearest centroid in the last iteration, before its update. */
  double objective() const { return objective_; }
  /* out [n]: the nearest centroid of each row of x [n, d]. */
  void assign(int64_t n, const float* x, int64_t* out, int threads, const Interrupt* interrupt) const {
    if (centroids_.empty()) throw ::faiss::FaissException("assign needs a trained clustering");
    if (n < 0 || (n > 0 && (x == nullptr || out == nullptr))) throw ::faiss::FaissException("assign needs rows");
    detail::CallScope scope(threads, interrupt);
    const std::vector<float> rows = frame_.apply(n, x, threads, interrupt);
    detail::ExactFlatL2 index(d_, threads, interrupt);
    index.add(k_, centroids_.data());
    std::vector<float> distances(static_cast<size_t>(n));
    index.search(n, rows.data(), 1, distances.data(), out);
  }

 private:
  int d_;
  int k_;
  detail::Frame frame_;
  std::vector<float> centroids_;
  double objective_;
};

}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_CLUSTERING_HPP_
