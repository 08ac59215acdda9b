package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that torch wrote (see {@code weights/make.py}), and what others made of them. */
class TorchFileTest {
  private static final long SEED = 20_261_201;
  private static final int ROUNDS = 600;

  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();
  private final List<String> notes = new ArrayList<>();

  private Path fixture(String name) throws IOException {
    return Files.write(folder.resolve(name), bytes(name));
  }

  private static byte[] bytes(String name) throws IOException {
    try (InputStream in = TorchFileTest.class.getResourceAsStream("/weights/" + name)) {
      return in.readAllBytes();
    }
  }

  private Map<String, Tensor> read(Path file) {
    return WeightFile.read(file, arena, notes::add);
  }

  private static double base(int k) {
    return (k - 5) / 8.0;
  }

  private static double[] base(int... places) {
    double[] values = new double[places.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = base(places[i]);
    }
    return values;
  }

  private static int[] first(int count) {
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = i;
    }
    return places;
  }

  @ParameterizedTest
  @ValueSource(strings = {"zip.pth", "protocol5.pth", "legacy.pth", "descriptors.pth", "zip64.pth"})
  void readsEveryTypeAndEveryView(String name) throws IOException {
    Map<String, Tensor> tensors = read(fixture(name));
    assertThat(String.join(" ", tensors.keySet()))
        .isEqualTo(
            "f32 f64 f16 bf16 i64 i32 i16 i8 u8 bool scalar empty transposed slice column last"
                + " parameter");
    assertThat(notes).isEmpty();
    assertFloats(tensors.get("f32"), DType.F32, base(first(24)), 2, 3, 4);
    assertFloats(tensors.get("f64"), DType.F64, base(first(24)), 24);
    assertFloats(tensors.get("f16"), DType.F32, base(first(24)), 24);
    assertFloats(tensors.get("bf16"), DType.F32, base(first(24)), 24);
    for (String whole : new String[] {"i64", "i32", "i16", "i8"}) {
      assertThat(tensors.get(whole).toLongs()).as(whole).containsExactly(-3, -2, -1, 0, 1, 2);
    }
    assertThat(tensors.get("u8").toLongs()).containsExactly(247, 248, 249, 250, 251, 252);
    assertThat(tensors.get("bool").toLongs()).containsExactly(0, 0, 0, 0, 1, 1);
    assertFloats(tensors.get("scalar"), DType.F32, new double[] {2.5});
    assertFloats(tensors.get("empty"), DType.F32, new double[0], 0, 3);
    int[] transposed = new int[24];
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 4; j++) {
        transposed[i * 4 + j] = j * 6 + i;
      }
    }
    assertFloats(tensors.get("transposed"), DType.F32, base(transposed), 6, 4);
    assertFloats(tensors.get("slice"), DType.F32, base(5, 6, 7, 8), 4);
    assertFloats(tensors.get("column"), DType.F32, base(2, 8, 14, 20), 4);
    assertFloats(tensors.get("last"), DType.F32, base(first(24)), 2, 3, 2, 2);
    assertFloats(tensors.get("parameter"), DType.F32, base(0, 1), 2);
  }

  private static void assertFloats(Tensor tensor, DType type, double[] values, long... shape) {
    assertThat(tensor.dtype()).isEqualTo(type);
    assertThat(tensor.shape()).isEqualTo(Shape.of(shape));
    assertThat(tensor.toDoubles()).isEqualTo(values);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nested.pth.tar", "nested-legacy.pth.tar"})
  void aCheckpointsWeightsAreFoundAndTheirWrapperTakenOff(String name) throws IOException {
    Map<String, Tensor> tensors = read(fixture(name));
    assertThat(tensors).containsOnlyKeys("fc.weight", "fc.bias");
    assertThat(tensors.get("fc.weight").toDoubles()).isEqualTo(base(first(24)));
    assertThat(String.join("|", notes))
        .contains(name + ": takes its state_dict|")
        .endsWith(name + ": every name without its module. in front");
  }

  @Test
  void ofSeveralDictsOneIsNamed() throws IOException {
    Path two = fixture("two.pth");
    refused(() -> read(two), "two.pth: holds several dicts of tensors: student, teacher; name one")
        .hasMessageEndingWith("such as two.pth:student");
    assertThat(read(Path.of(two + ":teacher")).get("w").at(0)).isEqualTo(-base(0));
    refused(() -> read(Path.of(two + ":x")), "two.pth: has no such dict of tensors, but: student");
    Path one = fixture("zip.pth");
    refused(() -> read(Path.of(one + ":x")), "zip.pth: is one dict of tensors; leave out :x");
    assertThat(read(fixture("unsigned.pth")).get("a").toLongs()).containsExactly(1, 65535);
    assertThat(read(folder.resolve("unsigned.pth")).get("b").toLongs())
        .containsExactly((1L << 32) - 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hostile.pth|asks for posix.system, which is neither",
        "hostile-legacy.pth|asks for posix.system, which is neither",
        "model.pth|asks for torch.nn.modules.linear.Linear, which is neither a container nor a tensor"
            + " of real numbers; nothing was executed; save the tensors alone in Python",
        "complex.pth|asks for torch.ComplexFloatStorage",
        "one.pt|is one tensor [24] without a name",
        "repeated.pth|has a tensor [1000] that repeats its 1 stored numbers"
      })
  void whatIsNoWeightsIsNamed(String name, String what) throws IOException {
    Path file = fixture(name);
    refused(() -> read(file), file + ": " + what);
    assertThat(arena.bytes()).isZero();
  }

  @Test
  void otherFilesAreNamed() throws IOException {
    Path file = folder.resolve("w.pth");
    Files.write(file, new byte[] {(byte) 0x80, 2, ']', '.'});
    refused(() -> read(file), "w.pth: is a pickle that torch.save did not write");
    Files.writeString(file, "hello");
    refused(
        () -> read(file), "w.pth: is neither a .safetensors file nor one that torch.save wrote");
    Files.write(file, new byte[0]);
    refused(() -> read(file), "w.pth: is neither");
    Files.write(file, Fixtures.bytes("one.npz"));
    refused(() -> read(file), "w.pth: is a ZIP archive that torch.save did not write");
    byte[] tar = new byte[512];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    Files.write(file, tar);
    refused(() -> read(file), "w.pth: is a tar archive; unpack it");
    Files.writeString(file, "<!DOCTYPE html>");
    refused(() -> read(file), "w.pth: is a web page");
    refused(() -> read(folder.resolve("none.pth")), "none.pth: does not exist");
  }

  @Test
  void aTensorIsAnArray() throws IOException {
    assertFloats(array(fixture("one.pt")), DType.F32, base(first(24)), 24);
    for (String name : new String[] {"zip.pth", "legacy.pth"}) {
      Path all = fixture(name);
      double[] expected = read(all).get("transposed").toDoubles();
      assertFloats(array(Path.of(all + ":transposed")), DType.F32, expected, 6, 4);
      assertFloats(array(Path.of(all + ":bf16")), DType.F32, base(first(24)), 24);
      assertFloats(array(Path.of(all + ":slice")), DType.F32, base(5, 6, 7, 8), 4);
      refused(() -> array(Path.of(all + ":column")), name + ": has a tensor [4] that is a part");
      refused(() -> array(Path.of(all + ":x")), name + ": has no such tensor, but: f32, f64");
      refused(() -> array(all), name + ": holds 17 tensors: f32, f64");
    }
    Path nested = fixture("two.pth");
    assertThat(array(Path.of(nested + ":student.w")).toDoubles()).isEqualTo(base(first(24)));
    Path labels = Path.of(folder.resolve("zip.pth") + ":bool");
    assertThat(Labels.read(labels, arena, Names.none(), note -> {}).ids().toLongs())
        .containsExactly(0, 0, 0, 0, 1, 1);
  }

  private Tensor array(Path path) {
    return ArrayFile.read(path, arena, null, note -> {});
  }

  /** Members of an archive, of which some are replaced (null: left out). */
  private byte[] rewritten(String name, int method, Map<String, byte[]> others) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipFile in = new ZipFile(fixture(name).toFile());
        ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (ZipEntry entry : Collections.list(in.entries())) {
        String member = entry.getName().substring(entry.getName().indexOf('/') + 1);
        byte[] held = in.getInputStream(entry).readAllBytes();
        held = others.containsKey(member) ? others.get(member) : held;
        if (held != null) {
          add(out, entry.getName(), method, held);
        }
      }
    }
    return bytes.toByteArray();
  }

  private static void add(ZipOutputStream out, String name, int method, byte[] held)
      throws IOException {
    CRC32 crc = new CRC32();
    crc.update(held);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(method);
    entry.setSize(held.length);
    entry.setCrc(crc.getValue());
    out.putNextEntry(entry);
    out.write(held);
    out.closeEntry();
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("w.pth"), bytes);
  }

  private void refusedWith(String member, byte[] held, String what) throws IOException {
    Map<String, byte[]> others = new LinkedHashMap<>();
    others.put(member, held);
    Path file = file(rewritten("two.pth", ZipEntry.STORED, others));
    refused(() -> read(Path.of(file + ":teacher")), "w.pth: " + what);
    assertThat(arena.bytes()).isZero();
  }

  @Test
  void archivesThatAreNotWhatTheySayAreRefused() throws IOException {
    refusedWith("data/1", new byte[95], "has 95 bytes in place of storage 1 of 96 bytes");
    refusedWith("data/1", null, "has no storage 1 of 96 bytes");
    refusedWith("byteorder", "big".getBytes(StandardCharsets.US_ASCII), "is of a big-endian");
    Path packed = file(rewritten("two.pth", ZipEntry.DEFLATED, Map.of()));
    refused(() -> read(packed), "w.pth: has the packed member two/data.pkl");
    byte[] flipped = bytes("two.pth");
    int at = indexOf(flipped, new byte[] {0, 0, 0x20, (byte) 0xbf}); // base(0), of storage 0
    flipped[at] = 1;
    Path file = file(flipped);
    refused(() -> read(Path.of(file + ":student")), "w.pth: cannot be read (its checksum is");
    byte[] legacy = bytes("legacy.pth");
    int said = indexOf(legacy, "little_endian".getBytes(StandardCharsets.US_ASCII)) + 13;
    while (legacy[said] != (byte) 0x88) {
      said++;
    }
    legacy[said] = (byte) 0x89;
    refused(() -> read(file(legacy)), "w.pth: is of a big-endian machine");
  }

  private static int indexOf(byte[] all, byte[] some) {
    String text = new String(all, StandardCharsets.ISO_8859_1);
    int at = text.indexOf(new String(some, StandardCharsets.ISO_8859_1));
    assertThat(at).isPositive();
    return at;
  }

  /** A view of a storage of 24 numbers, in protocol 2. */
  private static String view(String offset, String sizes, String strides) {
    return "\u0080\u0002}X\u0001\u0000\u0000\u0000wctorch._utils\n_rebuild_tensor_v2\n(("
        + "X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nX\u0001\u0000\u0000\u00000"
        + "X\u0003\u0000\u0000\u0000cpuK\u0018tQ"
        + offset
        + "("
        + sizes
        + "t("
        + strides
        + "t\u0089}tRs.";
  }

  private static final String LARGEST =
      "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f";

  private void pickled(String pickle, String what) throws IOException {
    Map<String, byte[]> held = Map.of("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
    Path file = file(rewritten("two.pth", ZipEntry.STORED, held));
    refused(() -> read(file), "w.pth: ", what);
    assertThat(arena.bytes()).isZero();
  }

  @Test
  void viewsStayWithinTheirStorage() throws IOException {
    Map<String, byte[]> held =
        Map.of(
            "data.pkl",
            view("K\u0002", "K\u0003", "K\u0007").getBytes(StandardCharsets.ISO_8859_1));
    Path file = file(rewritten("two.pth", ZipEntry.STORED, held));
    try (Arena own = Arena.host()) {
      double[] values = WeightFile.read(file, own, notes::add).get("w").toDoubles();
      assertThat(values).isEqualTo(base(2, 9, 16));
    }
    pickled(view("K\u0002", "K\u0004", "K\u0008"), "has a tensor [4] beyond its 24 stored numbers");
    pickled(view("K\u0001", "K\u0018", "K\u0001"), "beyond its 24");
    pickled(view("K\u0000", "K\u0019", "K\u0000"), "repeats its 24");
    pickled(view("K\u0000", LARGEST + "K\u0002", "K\u0000K\u0000"), "more than 2^63");
    pickled(view("K\u0002", "K\u0003", LARGEST), "more than 2^63");
    pickled(view(LARGEST, "K\u0003", "K\u0001"), "more than 2^63");
    pickled(view("J\u00ff\u00ff\u00ff\u00ff", "K\u0003", "K\u0001"), "no whole number from 0 on");
    pickled(view("K\u0000", "K\u0003", "K\u0001K\u0001"), "1 sizes and 2 strides");
    pickled(view("K\u0000", "K\u0001".repeat(40), "K\u0001".repeat(40)), "17 sizes");
  }

  /** The same few instructions again and again. */
  @Test
  void tensorsAreCounted() throws IOException {
    String view = view("K\u0000", "K\u0001", "K\u0001");
    String made = view.substring(view.indexOf("ctorch"), view.indexOf("Rs."));
    String remembered = made.replaceFirst("_v2\n", "_v2\nq\u0000") + "q\u000100";
    String again = "h\u0000h\u0001R0".repeat(50_001);
    pickled("\u0080\u0002" + remembered + again + "}.", "more than 50000 tensors");
  }

  @Test
  void picklesThatNoTorchWritesAreRefused() throws IOException {
    String start = "\u0080\u0002";
    pickled("\u0080\u0001}.", "protocol 1, not 2 to 5");
    pickled("}.", "does not begin with a protocol");
    pickled(start + "}", "ends too early");
    pickled(start + ".", "takes an object that is not there");
    pickled(start + "}(0}.", "leaves 1 objects over");
    pickled(start + "(.", "takes an object that is not there");
    pickled(start + "u.", "takes a mark that is not there");
    pickled(start + "t.", "takes a mark that is not there");
    pickled(start + "h\u0000.", "recalls an object that is not there");
    pickled(start + "Na.", "takes an object");
    pickled(start + "NNa.", "appends to what is no list");
    pickled(start + "NNNs.", "puts an entry into what is no dict");
    pickled(start + "}]Ns.", "a key that is neither text nor number");
    pickled(start + "I1\n.", "has the instruction 0x49");
    pickled(start + "ios\nsystem\n.", "has the instruction 0x69");
    pickled(start + "cos\nsystem\n.", "asks for os.system");
    pickled("\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093.", "asks for os.system");
    pickled(start + "cbuiltins\neval\n.", "asks for builtins.eval");
    pickled(start + "ctorch\nFloatStorage\n)R.", "calls what is no function");
    pickled(start + "NNR.", "where arguments belong");
    pickled(start + "N)R.", "calls what is no function");
    pickled(start + "NQ.", "something else than a storage");
    pickled(start + "X\u00ff\u00ff\u00ff\u007f.", "more than are left");
    pickled(
        start + "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.", "more than are left");
    pickled(start + "X\u0001\u0000\u0000\u0000\u00ff.", "not UTF-8");
    pickled(start + "c" + "a".repeat(400) + "\n.", "a name without an end");
    pickled(start + "]".repeat(Pickle.MAX_STEPS + 1) + ".", "more than 1000000 objects");
    // what holds itself, and what doubles itself
    pickled(start + "}q\u0000X\u0001\u0000\u0000\u0000ah\u0000s.", "holds no named tensors");
    pickled(start + "]q\u0000" + "h\u0000a".repeat(1000) + "0}.", "holds no named tensors");
    String pairs = "](" + "X\u0001\u0000\u0000\u0000aN\u0086".repeat(1000) + "eq\u0000";
    String copies = "ccollections\nOrderedDict\nh\u0000\u0085R0".repeat(1001);
    pickled(start + pairs + copies + ".", "more than 1000000 entries");
  }

  @Test
  void damageIsASentence() throws IOException {
    long live = HostMemory.liveBytes();
    SplittableRandom random = new SplittableRandom(SEED);
    FileMutator mutator = new FileMutator(random);
    String[] originals = {"zip.pth", "legacy.pth", "nested.pth.tar", "nested-legacy.pth.tar"};
    byte[] object = member("zip.pth", "zip/data.pkl");
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      int which = random.nextInt(originals.length + 2);
      byte[] damaged =
          which < originals.length
              ? mutator.mutate(bytes(originals[which]))
              : rewritten("zip.pth", ZipEntry.STORED, Map.of("data.pkl", mutator.mutate(object)));
      Path file = file(damaged);
      try (Arena own = Arena.host()) {
        WeightFile.read(file, own, note -> {});
      } catch (InputException e) {
        refused++;
        assertThat(e.getMessage())
            .as("round %s of seed %s", round, SEED)
            .startsWith(file.toString())
            .doesNotContain("\n");
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " of seed " + SEED, e);
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
    assertThat(HostMemory.liveBytes()).isEqualTo(live);
  }

  private byte[] member(String name, String member) throws IOException {
    try (ZipFile in = new ZipFile(fixture(name).toFile())) {
      return in.getInputStream(in.getEntry(member)).readAllBytes();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"w.pth", "w.pt", "w.safetensors"})
  void whatIsWrittenIsReadAgainAndTheSameBytes(String name) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("a \u00e9\u4e2d", arena.of(new float[] {1.5f, Float.NaN, -0f}, 3, 1));
    tensors.put("d", arena.of(new double[] {Math.PI, Double.MIN_VALUE}, 2));
    tensors.put("n", arena.of(new long[] {Long.MIN_VALUE, 7}, 1, 2));
    tensors.put("empty", arena.of(new float[0], 0, 5));
    tensors.put("scalar", arena.of(new double[] {4}));
    Path file = folder.resolve(name);
    WeightFile.write(file, tensors);
    byte[] first = Files.readAllBytes(file);
    Map<String, Tensor> again = read(file);
    assertThat(again.keySet()).hasSameElementsAs(tensors.keySet());
    tensors.forEach(
        (key, tensor) -> {
          assertThat(again.get(key).dtype()).isEqualTo(tensor.dtype());
          assertThat(again.get(key).shape()).isEqualTo(tensor.shape());
          assertThat(raw(again.get(key))).isEqualTo(raw(tensor));
        });
    WeightFile.write(file, tensors);
    assertThat(Files.readAllBytes(file)).isEqualTo(first);
    if (!name.endsWith(".safetensors")) {
      int pi = indexOf(first, raw(tensors.get("d")));
      assertThat(pi % 64).as("numbers can be mapped").isZero();
    }
  }

  private static byte[] raw(Tensor tensor) {
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    tensor.read(0, bytes);
    return bytes.array();
  }
}
