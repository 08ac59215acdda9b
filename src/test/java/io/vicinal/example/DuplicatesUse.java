package io.vicinal.example;

import io.vicinal.backend.Backend;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.image.ImageDecoder;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.PictureHash;
import io.vicinal.retrieval.CloseHashes;
import io.vicinal.retrieval.ClosePairs;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;

/** What a collection has twice. */
public final class DuplicatesUse {
  /** By features: pairs of rows of a cosine of at least 0.98, of which ten thousand are kept. */
  public static ClosePairs rows(Path features) {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor rows = ArrayFile.read(features, arena, DType.F32, System.err::println);
      return ClosePairs.ofCosine(rows, null, 0.98, 10_000, backend);
    }
  }

  /** By looks: pictures of a folder whose hashes differ in at most six of 64 bits. */
  public static CloseHashes pictures(Path folder) {
    ImageFiles pictures = ImageFiles.below(folder);
    long[] hashes = new long[pictures.size()];
    try (ImageDecoder decoder = new ImageDecoder()) {
      for (int i = 0; i < hashes.length; i++) {
        hashes[i] = PictureHash.of(pictures, i, decoder);
      }
    }
    return CloseHashes.within(hashes, 6, 10_000);
  }
}
