package io.vicinal.data;

import io.vicinal.tensor.DType;
import java.nio.ByteBuffer;

/**
 * The element types that files have, and how one becomes an element of a tensor. Immutable, so safe
 * for any thread.
 */
enum Element {
  F16(2, "float16", DType.F32),
  BF16(2, "bfloat16", DType.F32),
  F32(4, "float32", DType.F32),
  F64(8, "float64", DType.F64),
  I8(1, "int8", DType.I64),
  I16(2, "int16", DType.I64),
  I32(4, "int32", DType.I64),
  I64(8, "int64", DType.I64),
  U8(1, "uint8", DType.I64),
  U16(2, "uint16", DType.I64),
  U32(4, "uint32", DType.I64),
  U64(8, "uint64", DType.I64),
  BOOL(1, "bool", DType.I64);

  private final int bytes;
  private final String words;
  private final DType natural;

  Element(int bytes, String words, DType natural) {
    this.bytes = bytes;
    this.words = words;
    this.natural = natural;
  }

  /** The type of a NumPy string without its byte order, such as {@code f4}; null if none is. */
  static Element ofNumpy(String code) {
    return switch (code) {
      case "f2" -> F16;
      case "f4" -> F32;
      case "f8" -> F64;
      case "i1" -> I8;
      case "i2" -> I16;
      case "i4" -> I32;
      case "i8" -> I64;
      case "u1" -> U8;
      case "u2" -> U16;
      case "u4" -> U32;
      case "u8" -> U64;
      case "b1" -> BOOL;
      default -> null;
    };
  }

  /** The type that the safetensors format calls so; null if none is. */
  static Element ofSafetensors(String code) {
    for (Element element : values()) {
      if (element.name().equals(code)) {
        return element;
      }
    }
    return null;
  }

  int bytes() {
    return bytes;
  }

  /** What NumPy calls it. */
  String words() {
    return words;
  }

  /** The tensor type that holds all its values. */
  DType natural() {
    return natural;
  }

  boolean isFloat() {
    return natural.isFloat();
  }

  /** The floating-point type that features of this type get when nobody asks for one. */
  DType number() {
    return isFloat() ? natural : bytes > 2 ? DType.F64 : DType.F32;
  }

  /** Whether the tensor's bytes are the file's. */
  boolean is(DType type) {
    return name().equals(type.name());
  }

  /** An integer's value; of U64 the bits. */
  long whole(ByteBuffer source, int at) {
    return switch (this) {
      case I8 -> source.get(at);
      case I16 -> source.getShort(at);
      case I32 -> source.getInt(at);
      case U8 -> source.get(at) & 0xff;
      case U16 -> source.getShort(at) & 0xffff;
      case U32 -> source.getInt(at) & 0xffffffffL;
      case BOOL -> source.get(at) != 0 ? 1 : 0;
      default -> source.getLong(at);
    };
  }

  /** Whether a whole number from 0 on is one of its values. */
  boolean holds(long number) {
    return switch (this) {
      case BOOL -> number <= 1;
      case I8 -> number <= Byte.MAX_VALUE;
      case U8 -> number <= 0xff;
      case I16 -> number <= Short.MAX_VALUE;
      case U16 -> number <= 0xffff;
      case I32 -> number <= Integer.MAX_VALUE;
      case U32 -> number <= 0xffffffffL;
      case F16 -> false; // nobody has needed them to be written
      case BF16 -> number <= 1L << 8;
      case F32 -> number <= 1L << 24;
      case F64 -> number <= 1L << 53;
      default -> true;
    };
  }

  /** Writes a number that it {@link #holds}. */
  void put(ByteBuffer target, int at, long number) {
    switch (this) {
      case BF16 -> target.putShort(at, (short) (Float.floatToIntBits(number) >> 16));
      case F32 -> target.putFloat(at, number);
      case F64 -> target.putDouble(at, number);
      default -> {
        switch (bytes) {
          case 1 -> target.put(at, (byte) number);
          case 2 -> target.putShort(at, (short) number);
          case 4 -> target.putInt(at, (int) number);
          default -> target.putLong(at, number);
        }
      }
    }
  }

  /** A floating-point number's value. */
  double number(ByteBuffer source, int at) {
    return switch (this) {
      case F16 -> half(source.getShort(at));
      case BF16 -> Float.intBitsToFloat(source.getShort(at) << 16);
      case F32 -> source.getFloat(at);
      default -> source.getDouble(at);
    };
  }

  /** IEEE 754 binary16: Java 17 has no conversion of its own. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    float size =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
        };
    return bits < 0 ? -size : size;
  }
}
