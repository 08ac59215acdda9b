package io.vicinal.example;

import io.vicinal.data.ArrayFile;
import io.vicinal.data.Names;
import io.vicinal.data.Rows;
import io.vicinal.retrieval.Hits;
import io.vicinal.retrieval.VectorIndex;
import io.vicinal.retrieval.VectorIndex.Metric;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file of rows (.npy, .npz, .safetensors or a table), and names beside the ids. */
public final class CatalogueUse {
  /** An index of the file's rows; a row's id is its number, from 0. */
  public static VectorIndex index(Path file) {
    try (Arena arena = Arena.host()) {
      Tensor rows = ArrayFile.read(file, arena, DType.F32, System.err::println);
      VectorIndex index = VectorIndex.create(Math.toIntExact(rows.dim(1)), Metric.COSINE);
      index.add(rows);
      return index;
    }
  }

  /** The file's rows for training, embedding or evaluation. */
  public static Rows rows(Path file) {
    try (Arena arena = Arena.host()) {
      Tensor rows = ArrayFile.read(file, arena, DType.F32, System.err::println);
      return Rows.of(rows.toFloats(), Math.toIntExact(rows.dim(1)));
    }
  }

  /** What was found by name: line i of a list, or of a column such as t.csv:sku, names row i. */
  public static List<String> find(VectorIndex index, Path names, float[] query, int k) {
    Names skus = Names.read(names);
    Hits hits = index.search(query, k);
    List<String> found = new ArrayList<>();
    for (int j = 0; j < hits.count(0); j++) {
      found.add(skus.get(hits.id(0, j)) + " " + hits.score(0, j));
    }
    return found;
  }
}
