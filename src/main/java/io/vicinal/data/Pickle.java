package io.vicinal.data;

import io.vicinal.InputException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads Python pickles of the protocols 2 to 5 by a closed list of their instructions. By itself it
 * makes texts, numbers, bytes, lists (tuples and sets as well) and maps; whatever else a pickle
 * names is asked of {@link Objects}, and nothing is ever executed or loaded by name. Memory is
 * bounded by the numbers of instructions and bytes. Pickles of one file are read one after the
 * other. For one thread.
 *
 * @see <a href="https://github.com/python/cpython/blob/main/Lib/pickletools.py">the
 *     instructions</a>
 */
final class Pickle {
  /** What to do instead of storing objects. */
  static final String REMEDY =
      "save the tensors alone in Python: torch.save(model.state_dict(), \"weights.pth\")";

  /** Some thirty thousand tensors. */
  static final int MAX_STEPS = 1_000_000;

  private static final int MAX_BYTES = 16 << 20; // of texts
  private static final int MAX_NUMBER = 255; // bytes of an integer, of a name
  private static final int PIECE = 64 << 10;

  /** What a pickle may name beyond texts, numbers and containers. */
  interface Objects {
    /**
     * A class, a function or a constant.
     *
     * @throws InputException if there is none of this name
     */
    Object named(String module, String name);

    /** What a named one makes of arguments. */
    Object call(Object named, List<?> arguments);

    /** Something that is stored outside the pickle. */
    Object stored(Object id);
  }

  private final InputFile file;
  private final Objects objects;
  private final byte[] piece = new byte[PIECE];
  private int at; // in the piece
  private int filled;

  private final List<Object> stack = new ArrayList<>();
  private final Deque<Integer> marks = new ArrayDeque<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private int steps;
  private long texts; // bytes of them so far

  /** From the file's position on. */
  Pickle(InputFile file, Objects objects) {
    this.file = file;
    this.objects = objects;
  }

  /** Where the last pickle ended. */
  long position() {
    return file.position() - (filled - at);
  }

  /**
   * Reads the next pickle.
   *
   * @throws InputException if it is damaged, or names what is not known
   */
  Object load() {
    stack.clear();
    marks.clear();
    memo.clear();
    if (next() != 0x80) {
      throw damaged("does not begin with a protocol");
    }
    protocol(next());
    for (int code = next(); code != '.'; code = next()) {
      if (++steps > MAX_STEPS) {
        throw file.problem("holds more than " + MAX_STEPS + " objects", REMEDY);
      }
      step(code);
    }
    Object result = pop();
    if (!stack.isEmpty()) {
      throw damaged("leaves " + stack.size() + " objects over");
    }
    return result;
  }

  private void step(int code) {
    switch (code) {
      case 0x80 -> protocol(next());
      case 0x95 -> number(8); // a frame, whose length says nothing new
      case '(' -> marks.push(stack.size());
      case '0' -> drop();
      case '1' -> marked();
      case 'a', 'e', 0x90 -> append(code == 'a' ? popped(1) : marked());
      case 's' -> {
        Object value = pop();
        put(Arrays.asList(pop(), value));
      }
      case 'u' -> put(marked());
      case 'q' -> memo.put((long) next(), top());
      case 'r' -> memo.put(number(4), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> stack.add(remembered(next()));
      case 'j' -> stack.add(remembered(number(4)));
      case 'b' -> pop(); // attributes of what is below: none is of interest
      default -> stack.add(made(code));
    }
  }

  /** What an instruction puts on the stack. */
  private Object made(int code) {
    return switch (code) {
      case 'N' -> null;
      case 0x88 -> true;
      case 0x89 -> false;
      case 'J' -> (long) (int) number(4);
      case 'K' -> (long) next();
      case 'M' -> number(2);
      case 0x8a -> integer(next());
      case 0x8b -> integer(number(4));
      case 'G' -> ByteBuffer.wrap(bytes(8)).getDouble();
      case 'X' -> text(number(4));
      case 0x8c -> text(next());
      case 0x8d -> text(number(8));
      case 'U' -> latin(next());
      case 'T' -> latin(number(4));
      case 'C' -> bytes(next());
      case 'B' -> bytes(number(4));
      case 0x8e, 0x96 -> bytes(number(8));
      case ']', ')', 0x8f -> new ArrayList<>();
      case '}' -> new LinkedHashMap<>();
      case 't', 0x91 -> marked();
      case 0x85 -> popped(1);
      case 0x86 -> popped(2);
      case 0x87 -> popped(3);
      case 'c' -> objects.named(line(), line());
      case 0x93 -> {
        String name = asText(pop());
        yield objects.named(asText(pop()), name);
      }
      case 'R', 0x81 -> {
        List<?> arguments = asList(pop());
        yield objects.call(pop(), arguments);
      }
      case 'Q' -> objects.stored(pop());
      default ->
          throw damaged(
              "has the instruction 0x" + Integer.toHexString(code) + ", which no tensor needs");
    };
  }

  private void protocol(int version) {
    if (version < 2 || version > 5) {
      throw damaged("is of protocol " + version + ", not 2 to 5");
    }
  }

  private InputException damaged(String what) {
    return file.problem("its pickle " + what, "check where it came from, or " + REMEDY);
  }

  // ---- the stack

  private int floor() {
    return marks.isEmpty() ? 0 : marks.peek();
  }

  private Object top() {
    if (stack.size() <= floor()) {
      throw damaged("takes an object that is not there");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private void drop() {
    if (!marks.isEmpty() && marks.peek() == stack.size()) {
      marks.pop();
    } else {
      pop();
    }
  }

  private List<Object> popped(int count) {
    if (stack.size() - floor() < count) {
      throw damaged("takes an object that is not there");
    }
    return taken(stack.size() - count);
  }

  /** All above the last mark, which goes as well. */
  private List<Object> marked() {
    if (marks.isEmpty()) {
      throw damaged("takes a mark that is not there");
    }
    return taken(marks.pop());
  }

  private List<Object> taken(int from) {
    List<Object> last = stack.subList(from, stack.size());
    List<Object> items = new ArrayList<>(last);
    last.clear();
    return items;
  }

  private Object remembered(long number) {
    Object found = memo.get(number);
    if (found == null && !memo.containsKey(number)) {
      throw damaged("recalls an object that is not there");
    }
    return found;
  }

  @SuppressWarnings("unchecked")
  private void append(List<Object> items) {
    if (!(top() instanceof List<?> list)) {
      throw damaged("appends to what is no list");
    }
    ((List<Object>) list).addAll(items);
  }

  /** Keys and values in turn. */
  @SuppressWarnings("unchecked")
  private void put(List<Object> pairs) {
    if (!(top() instanceof Map<?, ?> map) || pairs.size() % 2 != 0) {
      throw damaged("puts an entry into what is no dict");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      ((Map<Object, Object>) map).put(key(pairs.get(i)), pairs.get(i + 1));
    }
  }

  /** Only values: a container could hold itself, and has no end for who compares it. */
  private Object key(Object key) {
    if (key == null || key instanceof String || key instanceof Number || key instanceof Boolean) {
      return key;
    }
    throw damaged("has a dict with a key that is neither text nor number");
  }

  private String asText(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw damaged("has something else where a text belongs");
  }

  private List<?> asList(Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw damaged("has something else where arguments belong");
  }

  // ---- the bytes

  private int next() {
    if (at == filled) {
      int count = (int) Math.min(piece.length, file.size() - file.position());
      if (count <= 0) {
        throw file.problem("ends too early", "write it again: it is truncated");
      }
      file.readFully(piece, count);
      at = 0;
      filled = count;
    }
    return piece[at++] & 0xff;
  }

  /** An unsigned number, little-endian; one of 8 bytes may come out negative. */
  private long number(int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) next() << 8 * i;
    }
    return value;
  }

  private byte[] bytes(long count) {
    if (count < 0 || count > file.size() - position()) {
      throw file.problem(
          "has a text of " + Long.toUnsignedString(count) + " bytes, more than are left of it",
          "write it again: it is damaged");
    }
    texts += count;
    if (texts > MAX_BYTES) {
      throw file.problem("holds more than " + (MAX_BYTES >> 20) + " MiB of texts", REMEDY);
    }
    byte[] bytes = new byte[(int) count];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) next();
    }
    return bytes;
  }

  private String text(long count) {
    byte[] bytes = bytes(count);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw damaged("has a text that is not UTF-8");
    }
  }

  /** What Python 2 called a text. */
  private String latin(long count) {
    return new String(bytes(count), StandardCharsets.ISO_8859_1);
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (int c = next(); c != '\n'; c = next()) {
      if (line.length() > MAX_NUMBER) {
        throw damaged("has a name without an end");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  private Number integer(long count) {
    if (count > MAX_NUMBER) {
      throw damaged("has an integer of " + count + " bytes");
    }
    byte[] bytes = bytes(count);
    if (bytes.length <= Long.BYTES) {
      byte sign = bytes.length > 0 && bytes[bytes.length - 1] < 0 ? (byte) -1 : 0;
      byte[] wide = Arrays.copyOf(bytes, Long.BYTES);
      Arrays.fill(wide, bytes.length, wide.length, sign);
      return ByteBuffer.wrap(wide).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte swapped = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = swapped;
    }
    return new BigInteger(bytes);
  }
}
