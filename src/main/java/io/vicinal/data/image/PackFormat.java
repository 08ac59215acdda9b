package io.vicinal.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The layout of a packed file, little-endian. In this order:
 *
 * <pre>
 *   head     8 bytes "VICIPACK", int32 version, int32 what (0 files, 1 pixels), int32 shorter side (0: as it was),
 *            int32 quality of JPEG (0: as it was), int64 planned records, 32 bytes SHA-256 of the plan: names, sizes, times of the files
 *   records  each, at a multiple of 8: int32 "IMG1" or "BAD1", int32 bytes of the name, int64 bytes of the contents,
 *            int32 CRC-32C of the name, int32 of the contents; the name; the contents (of BAD1 the reason)
 *   index    for every IMG1: int64 place of its contents, int64 bytes, int32 CRC-32C, int32 bytes of the name;
 *            then all names
 *   end      int64 place of the index, int64 its bytes, int64 pictures, int64 left out, int32 CRC-32C of the index,
 *            "VEND"
 * </pre>
 *
 * A file that is being written has another name and no index; whoever goes on finds out by the
 * checksums how far it is. Stateless, so safe for any thread.
 */
final class PackFormat {
  static final int VERSION = 1;
  static final int HEAD = 64;
  static final int RECORD = 24;
  static final int ENTRY = 24;
  static final int END = 40;
  static final long MAGIC = 0x4B43415049434956L; // VICIPACK
  static final int IMAGE = 0x31474D49; // IMG1
  static final int BAD = 0x31444142; // BAD1
  static final int VEND = 0x444E4556;
  static final int PLACE = 8;

  private PackFormat() {}

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static ByteBuffer of(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return (int) crc.getValue();
  }

  /** Bytes up to the next place where a record may begin. */
  static int padding(long at) {
    return (int) (-at & (PLACE - 1));
  }
}
