package io.vicinal.bench.jmh;

import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Reading an embedding file that the operating system has cached, into memory of its own. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(3) // page placement differs from process to process
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class NpyRead {
  private static final int WIDTH = 512;

  /** Rows of 512 floats: 2 KiB shows the header's cost, 20 MiB the copy's. */
  @Param({"1", "10000"})
  public int rows;

  private Path file;

  /** Writes the file and checks that it comes back. */
  @Setup(Level.Trial)
  public void write() throws IOException {
    file = Files.createTempFile("vicinal", ".npy");
    float[] values = LossCall.gaussian(new Random(42), rows * WIDTH);
    try (Arena arena = Arena.host()) {
      Npy.write(file, arena.of(values, rows, WIDTH));
      if (!Arrays.equals(Npy.read(file, arena).toFloats(), values)) {
        throw new IllegalStateException("the file does not hold what was written");
      }
    }
  }

  /** Opens, reads, frees. */
  @Benchmark
  public double read() {
    try (Arena arena = Arena.host()) {
      Tensor tensor = Npy.read(file, arena);
      return tensor.at(tensor.size() - 1);
    }
  }

  /** Removes the file. */
  @TearDown(Level.Trial)
  public void delete() throws IOException {
    Files.delete(file);
  }
}
