package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads what a sampler needs of {@code sampler.file}. */
final class SamplerFile {
  private static final String KEY = "sampler.file: ";

  private SamplerFile() {}

  /** The weights of some samples. */
  static double[] weights(Path file, long[] ids, long samples) {
    try (Arena arena = Arena.host()) {
      Tensor read = ArrayFile.read(file, arena, DType.F64, note -> {});
      requireOneEach(file, read.size(), samples);
      double[] all = read.toDoubles();
      return Arrays.stream(ids).mapToDouble(id -> all[(int) id]).toArray();
    }
  }

  /** The super-classes of some samples, as numbers. */
  static long[] superClasses(Path file, long[] ids, long samples) {
    try (Arena arena = Arena.host()) {
      long[] all = Labels.read(file, arena, Names.none(), note -> {}).ids().toLongs();
      requireOneEach(file, all.length, samples);
      return Arrays.stream(ids).map(id -> all[(int) id]).toArray();
    }
  }

  private static void requireOneEach(Path file, long found, long samples) {
    if (found != samples) {
      throw new InputException(
          KEY + file + " has " + found + " values for " + samples + " samples; give one each");
    }
  }

  /** Batches of ids; -1 stands for none. */
  static long[][] batches(Path file, long samples) {
    try (Arena arena = Arena.host()) {
      Tensor read = ArrayFile.read(file, arena, DType.F64, note -> {});
      if (read.shape().rank() != 2) {
        throw new InputException(
            KEY
                + file
                + " has shape "
                + read.shape()
                + "; give a row of sample ids for each batch");
      }
      double[] all = read.toDoubles();
      long[][] batches = new long[(int) read.dim(0)][(int) read.dim(1)];
      for (int i = 0; i < all.length; i++) {
        int row = i / batches[0].length;
        if (all[i] != Math.rint(all[i]) || all[i] < -1 || all[i] >= samples) {
          throw new InputException(
              KEY
                  + file
                  + " has "
                  + all[i]
                  + " in row "
                  + row
                  + "; give positions in the dataset, 0 to "
                  + (samples - 1)
                  + ", or -1 for none");
        }
        batches[row][i % batches[0].length] = (long) all[i];
      }
      return batches;
    }
  }
}
