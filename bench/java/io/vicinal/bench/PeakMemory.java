package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.data.Labels;
import io.vicinal.data.Npy;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that evaluates one pair of files, or looks for near duplicates in one, and prints its
 * largest resident set in bytes.
 */
public final class PeakMemory {
  private PeakMemory() {}

  /** {@code THREADS E.npy [y.npy]}. */
  public static void main(String[] arguments) throws IOException {
    BackendOptions options = BackendOptions.defaults().withThreads(Integer.parseInt(arguments[0]));
    try (Backend backend = Backend.open("cpu", options);
        Arena arena = Arena.host()) {
      var embeddings = Npy.read(Path.of(arguments[1]), arena);
      if (arguments.length > 2) {
        var labels = Labels.read(Path.of(arguments[2]), arena);
        new Evaluator(backend).evaluate(embeddings, labels, RetrievalWork.OPTIONS);
      } else {
        DuplicateWork.search(embeddings, backend);
      }
    }
    System.out.println(peakBytes());
  }

  /** VmHWM: the kernel's own high-water mark of resident pages. */
  static long peakBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    throw new IOException("/proc/self/status: has no VmHWM; this kernel does not report it");
  }
}
