package io.vicinal.data;

import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a file and a folder, and stays in the middle of it until it is ended. */
final class HeldWriter {
  private HeldWriter() {}

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    try (Scratch work = Scratch.folder(folder)) {
      Files.writeString(work.path().resolve("result.txt"), "half");
      AtomicFile.write(
          folder.resolve("E.npy"),
          out -> {
            out.write(new byte[1 << 20]);
            Files.writeString(Path.of(args[1]), "in the middle");
            while (true) {
              try {
                Thread.sleep(Long.MAX_VALUE);
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            }
          });
    }
  }
}
