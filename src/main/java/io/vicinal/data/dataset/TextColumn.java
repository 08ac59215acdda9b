package io.vicinal.data.dataset;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Many texts in one array of bytes: each costs its own bytes and four more, where a list of strings
 * costs sixty. Not thread-safe while it grows.
 */
final class TextColumn {
  /** The order of texts by their bytes in UTF-8, which is that of their code points. */
  static final Comparator<String> BYTES = TextColumn::compare;

  private byte[] bytes = new byte[1 << 10];
  private int[] ends = new int[1 << 6];
  private int count;

  private static int compare(String a, String b) {
    int least = Math.min(a.length(), b.length());
    for (int i = 0; i < least; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        // surrogates stand for code points above all others, but lie below U+E000 as chars
        boolean other = Character.isSurrogate(x) != Character.isSurrogate(y);
        return other && x >= Character.MIN_SURROGATE && y >= Character.MIN_SURROGATE
            ? Character.compare(y, x)
            : Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  void add(String text) {
    byte[] more = text.getBytes(StandardCharsets.UTF_8);
    int from = count == 0 ? 0 : ends[count - 1];
    int to = Math.addExact(from, more.length);
    if (to > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(to, 2L * from)));
    }
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, 2 * count);
    }
    System.arraycopy(more, 0, bytes, from, more.length);
    ends[count++] = to;
  }

  String get(int i) {
    int from = i == 0 ? 0 : ends[i - 1];
    return new String(bytes, from, ends[i] - from, StandardCharsets.UTF_8);
  }

  int size() {
    return count;
  }

  /** Some of them, in this order. */
  TextColumn take(int... ids) {
    TextColumn some = new TextColumn();
    for (int id : ids) {
      some.add(get(id));
    }
    return some;
  }
}
