package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();

  @Test
  void readsWhatTheReferenceWrote() {
    Map<String, Tensor> tensors = Safetensors.read(Fixtures.file("three.safetensors"), arena);
    assertThat(tensors).containsOnlyKeys("weight", "ids", "b\u00efas");
    assertThat(tensors.get("weight").shape()).isEqualTo(Shape.of(3, 4));
    assertThat(tensors.get("weight").toDoubles()).isEqualTo(Fixtures.matrix());
    assertThat(tensors.get("ids").toLongs()).containsExactly(1, 2, 3);
    assertThat(tensors.get("b\u00efas").toDoubles()).containsExactly(0.5, -0.25);
    assertThat(Safetensors.metadata(Fixtures.file("three.safetensors")))
        .containsExactlyInAnyOrderEntriesOf(Map.of("kind", "head", "note", "\u4e2d \"quoted\""));
  }

  @Test
  void readsItsOwnFilesAndWritesTheSameBytesAgain() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("a \"b\" \u00e9", arena.of(new float[] {1, 2, 3}, 3));
    tensors.put("n", arena.of(new long[] {-1}, 1));
    tensors.put("empty", arena.of(new float[0], 0, 5));
    tensors.put("scalar", arena.of(new double[] {4}));
    Path file = folder.resolve("x.safetensors");
    Safetensors.write(file, tensors, Map.of("k", "v"));
    byte[] first = Files.readAllBytes(file);
    Map<String, Tensor> read = Safetensors.read(file, arena);
    assertThat(read.keySet()).containsExactly("n", "scalar", "a \"b\" \u00e9", "empty");
    assertThat(read.get("a \"b\" \u00e9").toFloats()).containsExactly(1, 2, 3);
    assertThat(read.get("empty").shape()).isEqualTo(Shape.of(0, 5));
    assertThat(read.get("scalar").shape()).isEqualTo(Shape.of());
    Safetensors.write(file, tensors, Map.of("k", "v"));
    assertThat(Files.readAllBytes(file)).isEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-8,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,32]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4.0],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"4\"],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[[[[[[[[4]]]]]]]],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,8,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[16],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":null,\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":null,\"data_offsets\":[0,16]}}",
        "{\"a\":[]}",
        "{\"a\":1}",
        "{\"__metadata__\":{\"k\":1}}",
        "{\"__metadata__\":{\"k\":{\"deep\":{}}}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}} {}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}",
        "{'a':{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},}",
        "[]",
        "{}",
        "NaN"
      })
  void hostileHeadersAreOneSentence(String json) throws IOException {
    Path file = folder.resolve("hostile.safetensors");
    Files.write(file, safetensors(json.getBytes(StandardCharsets.UTF_8), 16));
    refused(() -> Safetensors.read(file, arena), "hostile.safetensors: ")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(500));
    assertThat(arena.bytes()).isZero();
  }

  @Test
  void theSameHeaderIsFineWhenItIsTrue() throws IOException {
    Path file = folder.resolve("honest.safetensors");
    byte[] json =
        "{\"__metadata__\":null,\"a\":{\"data_offsets\":[0,16],\"shape\":[2,2],\"dtype\":\"F32\"}}   "
            .getBytes(StandardCharsets.UTF_8);
    Files.write(file, safetensors(json, 16));
    assertThat(Safetensors.read(file, arena).get("a").shape()).isEqualTo(Shape.of(2, 2));
  }

  /**
   * A length may read as the first bytes of a pickle (640, 1152), a ZIP archive (19280), gzip or
   * text.
   */
  @Test
  void aHeaderMayHaveAnyLength() throws IOException {
    Path file = folder.resolve("long.safetensors");
    List<Integer> lengths = new ArrayList<>(List.of(8224, 19280, 0x8b1f));
    for (int length = 64; length <= 2048; length += 8) {
      lengths.add(length);
    }
    String entry = "{\"a\":{\"data_offsets\":[0,16],\"shape\":[2,2],\"dtype\":\"F32\"}}";
    for (int length : lengths) {
      byte[] json = new byte[length];
      Arrays.fill(json, (byte) ' ');
      System.arraycopy(entry.getBytes(StandardCharsets.UTF_8), 0, json, 0, entry.length());
      Files.write(file, safetensors(json, 16));
      assertThat(Safetensors.read(file, arena)).as("%d", length).containsOnlyKeys("a");
      assertThat(ArrayFile.shape(Path.of(file + ":a")).rank()).as("%d", length).isEqualTo(2);
    }
  }

  @Test
  void deepNestingIsRefusedAndNotFollowed() throws IOException {
    Path file = folder.resolve("deep.safetensors");
    byte[] json = ("{\"a\":" + "[".repeat(2_000_000)).getBytes(StandardCharsets.UTF_8);
    Files.write(file, safetensors(json, 0));
    refused(() -> Safetensors.read(file, arena));
  }

  @Test
  void invalidTextAndLengths() throws IOException {
    Path file = folder.resolve("odd.safetensors");
    Files.write(file, safetensors(new byte[] {'{', '"', (byte) 0xff, '"', '}'}, 0));
    refused(() -> Safetensors.read(file, arena), "UTF-8");
    for (long length :
        new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 17, 100_000_000_000L}) {
      byte[] bytes = safetensors("{}              ".getBytes(StandardCharsets.UTF_8), 0);
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      Files.write(file, bytes);
      refused(() -> Safetensors.read(file, arena), "claims a header");
    }
    String[][] others = {
      {"\u0093NUMPY\u0001\u0000 v", "is a NumPy array (.npy), not a .safetensors file"},
      {"PK\u0003\u0004 archive", "is a ZIP archive"},
      {"\u0089HDF\r\n\u001a\n", "is an HDF5 file"},
      {"Gro\u00c3\u009fbuchstabe\n", "is a text file"},
    };
    for (String[] other : others) {
      Files.write(file, (other[0] + " ".repeat(20)).getBytes(StandardCharsets.ISO_8859_1));
      refused(() -> Safetensors.read(file, arena), other[1]);
    }
    byte[] whole = Fixtures.bytes("three.safetensors");
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      refused(() -> Safetensors.read(file, arena));
    }
  }

  @Test
  void smallerTypesAreWidened() {
    for (String name : new String[] {"float16", "bfloat16"}) {
      Tensor tensor =
          Safetensors.read(Fixtures.file(name + ".safetensors"), arena).values().iterator().next();
      assertThat(tensor.dtype()).isEqualTo(DType.F32);
      assertThat(tensor.toDoubles()).isEqualTo(Fixtures.matrix());
    }
  }

  static byte[] safetensors(byte[] json, int dataBytes) {
    return ByteBuffer.allocate(8 + json.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  /** What the reader would refuse, or give back as something else, does not replace a good file. */
  @Test
  void nothingIsWrittenThatCannotBeReadAgain() {
    Path file = folder.resolve("good.safetensors");
    try (Arena arena = Arena.host()) {
      Tensor one = arena.of(new float[] {1}, 1);
      Safetensors.write(file, Map.of("old", one), Map.of("k", "v"));
      Map<String, String> none = new HashMap<>();
      none.put("k", null);
      Map<String, String> half = Map.of("k", "\udc00");
      Map<String, Tensor> unnamed = new HashMap<>();
      unnamed.put(null, one);
      long[] deep = new long[33];
      Arrays.fill(deep, 1);
      Map<String, Map.Entry<Map<String, Tensor>, Map<String, String>>> bad =
          Map.of(
              "reserved", Map.entry(Map.of("__metadata__", one), Map.of()),
              "reserved, twice", Map.entry(Map.of("__metadata__", one), Map.of("k", "v")),
              "null text", Map.entry(Map.of("t", one), none),
              "null name", Map.entry(unnamed, Map.of()),
              "half a pair", Map.entry(Map.of("\ud800", one), Map.of()),
              "half a pair in a text", Map.entry(Map.of("t", one), half),
              "deep", Map.entry(Map.of("t", arena.of(new float[] {1}, deep)), Map.of()),
              "long", Map.entry(Map.of("x".repeat(17 << 20), one), Map.of()));
      bad.forEach(
          (name, given) ->
              assertThatThrownBy(() -> Safetensors.write(file, given.getKey(), given.getValue()))
                  .as(name)
                  .isInstanceOf(RuntimeException.class));
      assertThat(Safetensors.read(file, arena)).containsOnlyKeys("old");
      String odd = "\u0000 \"\\\u2028 \ud83d\ude00";
      Safetensors.write(file, Map.of(odd, one, "", one), Map.of(odd, ""));
      assertThat(Safetensors.read(file, arena)).containsOnlyKeys(odd, "");
      assertThat(Safetensors.metadata(file)).isEqualTo(Map.of(odd, ""));
    }
  }
}
