package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** A part of a file as a tensor's memory, of any length. Stateless, so safe for any thread. */
final class MappedFile {
  private MappedFile() {}

  /** A byte address for the binding; owns nothing. */
  private static final class At extends BytePointer {
    At(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  /**
   * @param offset of the first element, in bytes
   * @throws InputException if the file ends before the tensor does, or cannot be mapped
   */
  static Tensor map(Path path, long offset, DType type, Shape shape, Arena arena) {
    if (!arena.device().equals(Device.CPU)) {
      throw InputFile.problem(
          path, "cannot be mapped for " + arena.device(), "use an arena of the processor's memory");
    }
    if (offset % type.bytes() != 0) {
      throw InputFile.problem(
          path,
          "has its elements at byte " + offset + ", which is not a multiple of " + type.bytes(),
          "write it again with numpy.save");
    }
    NativeLibrary.load();
    long bytes = shape.size() * type.bytes();
    long address;
    try (BytePointer name = new BytePointer(terminated(path));
        PointerPointer<Pointer> cell = new PointerPointer<>(1)) {
      if (Vicinal.vicinal_map_file(name, offset, bytes, cell) != Vicinal.VICINAL_OK) {
        String text = Vicinal.vicinal_last_error().getString(StandardCharsets.UTF_8);
        throw InputFile.problem(
            path,
            text.startsWith("path: ") ? text.substring("path: ".length()) : text,
            "check the file, or read it into memory");
      }
      address = cell.get(Pointer.class, 0).address();
    }
    try {
      return arena.adopt(
          type, shape, address, () -> Vicinal.vicinal_unmap_file(new At(address), bytes));
    } catch (RuntimeException e) {
      Vicinal.vicinal_unmap_file(new At(address), bytes);
      throw e;
    }
  }

  private static byte[] terminated(Path path) {
    return (path.toAbsolutePath() + "\0").getBytes(StandardCharsets.UTF_8);
  }
}
