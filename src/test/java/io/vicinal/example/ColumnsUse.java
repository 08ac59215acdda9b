package io.vicinal.example;

import io.vicinal.backend.Backend;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.Names;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.stream.LongStream;

/** Embeddings from a column of lists, their neighbours as a table. */
public final class ColumnsUse {
  /** Reads e.parquet:embedding and e.parquet:name; writes query, rank, neighbour, distance. */
  public static void neighbours(Path file, int k, Path out) {
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu()) {
      Path vectors = Path.of(file + ":embedding");
      Tensor rows = ArrayFile.read(vectors, arena, DType.F32, System.err::println);
      long[] self = LongStream.range(0, rows.dim(0)).toArray();
      NeighbourList list = Neighbours.search(rows, rows, k, self, backend);
      Names names = Names.read(Path.of(file + ":name"));
      list.table(names, names).write(out); // .parquet, .csv or .tsv
    }
  }
}
