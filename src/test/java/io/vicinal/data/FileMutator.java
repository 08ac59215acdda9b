package io.vicinal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Damages a file the way disks, transfers and attackers do: bits, bytes, lengths, repeated and
 * missing pieces, and numbers in its textual header replaced by ones that overflow. The same
 * generator state gives the same damage. Not for several threads at once.
 */
public final class FileMutator {
  private static final String[] NUMBERS = {
    "0",
    "1",
    "-1",
    "2147483647",
    "2147483648",
    "4294967296",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e308",
    "1e9999",
    "NaN",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "(",
    ")"
  };
  private static final String[] TEXTS = {
    "<f4",
    ">f8",
    "|O",
    "<f2",
    "F32",
    "F64",
    "I64",
    "BOOL",
    "shape",
    "descr",
    "dtype",
    "data_offsets",
    "__metadata__",
    "True",
    "\u0000",
    "\u00e9",
    "\n",
    "'",
    "\"",
    "\\",
    "{{{{",
    "]]]]",
    ",",
    ":"
  };
  private static final long[] LENGTHS = {
    0,
    1,
    2,
    7,
    8,
    127,
    255,
    256,
    65535,
    65536,
    Integer.MAX_VALUE,
    1L << 32,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1
  };

  private final RandomGenerator random;

  /**
   * @param random source of every choice
   */
  public FileMutator(RandomGenerator random) {
    this.random = random;
  }

  /** A damaged copy: one to four mutations of {@code original}, which is left alone. */
  public byte[] mutate(byte[] original) {
    byte[] bytes = original.clone();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      bytes = once(bytes);
    }
    return bytes;
  }

  private byte[] once(byte[] bytes) {
    if (bytes.length == 0) {
      return text("\u0093NUMPY");
    }
    return switch (random.nextInt(10)) {
      case 0 -> {
        bytes[somewhere(bytes)] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
      case 1 -> {
        bytes[somewhere(bytes)] = (byte) random.nextInt();
        yield bytes;
      }
      case 2 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 3 -> splice(bytes, bytes.length, bytes.length, new byte[1 + random.nextInt(100)]);
      case 4 -> {
        int from = random.nextInt(bytes.length);
        yield splice(
            bytes, from, Math.min(bytes.length, from + 1 + random.nextInt(16)), new byte[0]);
      }
      case 5 -> {
        int from = random.nextInt(bytes.length);
        int to = Math.min(bytes.length, from + 1 + random.nextInt(64));
        yield splice(bytes, from, from, Arrays.copyOfRange(bytes, from, to));
      }
      case 6 -> {
        int from = somewhere(bytes);
        yield splice(bytes, from, from, text(TEXTS[random.nextInt(TEXTS.length)]));
      }
      case 7, 8 -> replaceNumber(bytes);
      default -> replaceLength(bytes);
    };
  }

  /** Half of the time in the first bytes, where lengths and headers are. */
  private int somewhere(byte[] bytes) {
    return random.nextInt(random.nextBoolean() ? bytes.length : Math.min(bytes.length, 128));
  }

  private byte[] replaceNumber(byte[] bytes) {
    int start = somewhere(bytes);
    for (int i = 0; i < bytes.length; i++) {
      int at = (start + i) % bytes.length;
      if (digit(bytes[at])) {
        int from = at;
        while (from > 0 && digit(bytes[from - 1])) {
          from--;
        }
        int to = at + 1;
        while (to < bytes.length && digit(bytes[to])) {
          to++;
        }
        return splice(bytes, from, to, text(NUMBERS[random.nextInt(NUMBERS.length)]));
      }
    }
    return bytes;
  }

  private byte[] replaceLength(byte[] bytes) {
    int width = 1 << random.nextInt(4);
    if (bytes.length < width) {
      return bytes;
    }
    int at = random.nextInt(Math.min(16, bytes.length - width + 1));
    byte[] length =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(LENGTHS[random.nextInt(LENGTHS.length)])
            .array();
    System.arraycopy(length, 0, bytes, at, width);
    return bytes;
  }

  private static boolean digit(byte b) {
    return b >= '0' && b <= '9';
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] middle) {
    byte[] result = new byte[from + middle.length + bytes.length - to];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(middle, 0, result, from, middle.length);
    System.arraycopy(bytes, to, result, from + middle.length, bytes.length - to);
    return result;
  }
}
