package io.vicinal.example;

import io.vicinal.retrieval.Hits;
import io.vicinal.retrieval.VectorIndex;
import io.vicinal.retrieval.VectorIndex.Metric;
import java.nio.file.Path;

/** A catalogue that is searched by the cosine of embeddings. */
public final class SearchUse {
  /** Once, or whenever the catalogue changes: one row and one id per product. */
  public static void build(float[][] embeddings, long[] products, Path file) {
    try (VectorIndex index = VectorIndex.create(embeddings[0].length, Metric.COSINE, "HNSW32")) {
      index.add(embeddings, products);
      index.save(file);
    }
  }

  /** The best products for a query; a service keeps the index open instead. */
  public static long[] find(Path file, float[] query, int k) {
    try (VectorIndex index = VectorIndex.load(file)) {
      index.setEfSearch(64);
      Hits hits = index.search(query, k);
      return hits.ids();
    }
  }
}
