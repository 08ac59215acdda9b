package io.vicinal.cli.explain;

import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names and values that a result depends on, and their SHA-256. For one thread. */
final class Key {
  private static final int PIECE = 256 << 10;

  private final Map<String, String> values = new LinkedHashMap<>();

  Key add(String name, Object value) {
    if (values.put(name, String.valueOf(value)) != null) {
      throw new IllegalArgumentException(name + " twice");
    }
    return this;
  }

  /** What was added. */
  Map<String, String> values() {
    return Map.copyOf(values);
  }

  /** Lengths are hashed with the texts, so that no two lists of values run together. */
  String hash() {
    MessageDigest digest = sha256();
    values.forEach(
        (name, value) -> {
          byte[] text = value.getBytes(StandardCharsets.UTF_8);
          digest.update((name + "=" + text.length + ":").getBytes(StandardCharsets.UTF_8));
          digest.update(text);
        });
    return HexFormat.of().formatHex(digest.digest());
  }

  static String hash(long[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length);
    bytes.asLongBuffer().put(values);
    return HexFormat.of().formatHex(sha256().digest(bytes.array()));
  }

  static String hash(Tensor tensor) {
    MessageDigest digest = sha256();
    digest.update((tensor.dtype() + " " + tensor.shape()).getBytes(StandardCharsets.UTF_8));
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, tensor.byteSize()));
    for (long done = 0; done < tensor.byteSize(); done += piece.limit()) {
      piece.clear().limit((int) Math.min(piece.capacity(), tensor.byteSize() - done));
      tensor.read(done, piece);
      digest.update(piece.flip());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
