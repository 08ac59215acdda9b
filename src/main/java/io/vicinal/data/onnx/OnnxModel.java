package io.vicinal.data.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.platform.Fp16Conversions;
import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.data.InputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A network that takes one batch of pictures, run by ONNX Runtime. Not for several threads at once.
 */
public final class OnnxModel implements AutoCloseable {
  private static final int SHOWN = 200;

  /** In Microsoft's jar for GPUs; the JavaCPP preset's Java side cannot load one. */
  private static final String CUDA_LIBRARY =
      "/ai/onnxruntime/native/linux-x64/libonnxruntime_providers_cuda.so";

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");
  // Names: the library's own constants would have to be there before anybody asks for it.
  private static final Map<String, Numbers> NUMBERS =
      Map.of("FLOAT", Numbers.FLOAT32, "FLOAT16", Numbers.FLOAT16, "UINT8", Numbers.UINT8);
  private static final Set<String> OUTPUTS = Set.of("FLOAT", "FLOAT16", "BFLOAT16");

  /** How the output for a picture becomes one row. */
  public enum Pool {
    /** It is one: [N, D]. */
    NONE,
    /** The first of its tokens: [N, tokens, D]. */
    CLS,
    /** The mean over tokens or places. */
    MEAN,
    /** The largest of each feature over tokens or places. */
    MAX,
    /** All numbers as they lie. */
    FLATTEN;

    /** As it is said on a command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Numbers of a model's input. */
  public enum Numbers {
    /** Of any range: pixels minus a mean, over a deviation. */
    FLOAT32,
    /** Likewise. */
    FLOAT16,
    /** Pixels as they are, 0 to 255. */
    UINT8
  }

  /**
   * What the model takes; numbers that are open are -1.
   *
   * @param name of the input
   * @param batch pictures at once
   * @param channelsFirst [N, 3, H, W], else [N, H, W, 3]; null if both would do
   */
  public record Input(
      String name, Numbers numbers, long batch, Boolean channelsFirst, long height, long width) {}

  /** Rows of features, one after the other, and how long each is. */
  public record Features(float[] values, int width) {}

  private final Path file;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Input input;
  private String device = "cpu";
  private String output;
  private Pool pool;

  /**
   * Opens a model on the processor.
   *
   * @param threads that compute
   * @throws InputException one sentence, if ONNX Runtime is not there or cannot open the file, or
   *     the model does not take one batch of pictures
   */
  public OnnxModel(Path file, int threads) {
    this(file, threads, "cpu", note -> {});
  }

  /**
   * Opens a model.
   *
   * @param threads that compute
   * @param device cpu; cuda or cuda:N; auto: a GPU, if there is one that works; null: the same, but
   *     silent where ONNX Runtime has no CUDA
   * @param notes is told why auto does not use a GPU
   * @throws InputException one sentence, if ONNX Runtime is not there or cannot open the file, the
   *     model does not take one batch of pictures, or the device is not there
   */
  public OnnxModel(Path file, int threads, String device, Consumer<String> notes) {
    OptionalLibrary.ONNX.require("a model in ONNX's format");
    InputFile.open(file).close(); // says why not
    this.file = file;
    try {
      environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "vicinal");
      session = open(threads, device, notes);
    } catch (LinkageError | IllegalStateException e) {
      throw unloadable(e);
    }
    try {
      input = input();
    } catch (InputException e) {
      close();
      throw e;
    }
  }

  private OrtSession open(int threads, String asked, Consumer<String> notes) {
    String place = asked == null ? "auto" : asked;
    Matcher cuda = CUDA.matcher(place);
    if (!cuda.matches() && !place.equals("cpu") && !place.equals("auto")) {
      throw new InputException(
          "--device: '" + place + "' is unknown; choose cpu, cuda, cuda:N or auto");
    }
    boolean built = OrtEnvironment.class.getResource(CUDA_LIBRARY) != null;
    String why = "this ONNX Runtime has no CUDA: put " + gpuArtifact() + " in place of its jars";
    if (built && !place.equals("cpu")) {
      int number = cuda.matches() && cuda.group(1) != null ? Integer.parseInt(cuda.group(1)) : 0;
      try {
        OrtSession opened =
            call(
                () -> session(threads, number),
                e -> new InputException("GPU " + number + " cannot be used (" + words(e) + ")", e));
        device = "cuda:" + number;
        return opened;
      } catch (InputException e) {
        why = e.getMessage();
      }
    }
    if (cuda.matches()) {
      throw new InputException("--device: " + place + ": " + why + "; or leave --device out");
    }
    if (place.equals("auto") && (built || asked != null)) {
      notes.accept("the processor computes: " + why);
    }
    return call(
        () -> session(threads, -1),
        e ->
            InputFile.problem(
                file,
                "cannot be opened as an ONNX model (" + words(e) + ")",
                "export it again, with its .data file beside it if it has one",
                e));
  }

  /** Microsoft's jar, of the version that this build is tested with. */
  private static String gpuArtifact() {
    String version =
        OptionalLibrary.ONNX.artifact().replaceFirst(".*:", "").replaceFirst("-.*", "");
    return "com.microsoft.onnxruntime:onnxruntime_gpu:" + version;
  }

  private OrtSession session(int threads, int gpu) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      if (gpu >= 0) {
        options.addCUDA(gpu);
      }
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      options.addConfigEntry("session.intra_op.allow_spinning", "0"); // pictures are decoded
      return environment.createSession(file.toString(), options);
    }
  }

  /** Where a class catches an exception of a library, it cannot be loaded without that. */
  static <T> T call(Callable<T> work, Function<Exception, RuntimeException> refusal) {
    try {
      return work.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw refusal.apply(e);
    }
  }

  static InputException unloadable(Throwable e) {
    return new InputException(
        "ONNX Runtime cannot be loaded on this machine (" + words(e) + "); check its libraries", e);
  }

  static String words(Throwable e) {
    String text = InputFile.printable(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
    text = text.replaceFirst("^Error code - \\w+ - message: ", "");
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
  }

  private InputException problem(String what, String remedy) {
    return InputFile.problem(file, what, remedy);
  }

  private Map<String, NodeInfo> infos(boolean inputs) {
    return call(
        () -> inputs ? session.getInputInfo() : session.getOutputInfo(),
        e -> problem("does not say what it takes (" + words(e) + ")", "export it again"));
  }

  private Input input() {
    Map<String, NodeInfo> all = infos(true);
    if (all.size() != 1) {
      throw problem(
          "has "
              + all.size()
              + " inputs ("
              + InputFile.listed(all.keySet())
              + "), and pictures are one",
          "export the part of the model that takes pictures");
    }
    NodeInfo node = all.values().iterator().next();
    String named = "input '" + InputFile.printable(node.getName()) + "'";
    if (!(node.getInfo() instanceof TensorInfo info) || info.getShape().length != 4) {
      throw problem(
          named
              + (node.getInfo() instanceof TensorInfo t
                  ? " has shape " + shape(t) + ", which is no batch of pictures"
                  : " is no tensor"),
          "export the part of the model that takes [N, 3, H, W] or [N, H, W, 3]");
    }
    Numbers numbers = NUMBERS.get(info.type.name());
    if (numbers == null) {
      throw problem(
          named + " is " + info.type.name().toLowerCase(Locale.ROOT),
          "export the model with an input of float32, float16 or uint8");
    }
    long[] s = info.getShape();
    boolean first = s[1] == 3 || s[1] < 0 && s[3] != 3;
    boolean last = s[3] == 3 || s[3] < 0 && s[1] != 3;
    if (!first && !last) {
      throw problem(
          named + " has shape " + shape(info) + " without 3 channels",
          "export the model for colour pictures");
    }
    Boolean channelsFirst = first && last ? null : first;
    boolean hwc = !first;
    return new Input(node.getName(), numbers, s[0], channelsFirst, s[hwc ? 1 : 2], s[hwc ? 2 : 3]);
  }

  private static String shape(TensorInfo info) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < info.getShape().length; i++) {
      String name = info.getDimensionNames()[i];
      long length = info.getShape()[i];
      parts.add(length >= 0 ? Long.toString(length) : name.isEmpty() ? "?" : name);
    }
    return InputFile.printable(parts.toString());
  }

  /** What it takes. */
  public Input takes() {
    return input;
  }

  /** Where it computes: cpu, or cuda:N. */
  public String device() {
    return device;
  }

  /** The output that is taken. */
  public String output() {
    return output;
  }

  /** How it becomes rows. */
  public Pool pool() {
    return pool;
  }

  /**
   * Chooses what {@link #run} gives.
   *
   * @param name of an output; null: the only one, or the only one that is a row a picture
   * @param how null: none, if it is a row a picture
   * @throws InputException one sentence with the outputs there are, if that is no choice
   */
  public void choose(String name, Pool how) {
    Map<String, TensorInfo> outputs = new LinkedHashMap<>();
    infos(false)
        .forEach(
            (key, node) -> {
              if (node.getInfo() instanceof TensorInfo info
                  && OUTPUTS.contains(info.type.name())
                  && info.getShape().length > 1) {
                outputs.put(key, info);
              }
            });
    List<String> said = new ArrayList<>();
    outputs.forEach((key, info) -> said.add(key + " " + shape(info)));
    if (outputs.isEmpty()) {
      throw problem("has no output of numbers with a row a picture", "export it with one");
    }
    if (name != null && !outputs.containsKey(name)) {
      throw problem(
          "has no output '" + name + "' of numbers",
          "choose --output " + String.join(" or ", said));
    }
    List<String> rows =
        outputs.keySet().stream().filter(key -> outputs.get(key).getShape().length == 2).toList();
    if (name == null && outputs.size() > 1 && rows.size() != 1) {
      throw problem(
          "has " + outputs.size() + " outputs", "choose --output " + String.join(" or ", said));
    }
    output =
        name != null
            ? name
            : outputs.size() == 1 ? outputs.keySet().iterator().next() : rows.get(0);
    TensorInfo info = outputs.get(output);
    int rank = info.getShape().length;
    String named = "output '" + output + "' has shape " + shape(info);
    if (rank > 4) {
      throw problem(named, "choose an output of 2 to 4 dimensions");
    }
    if (rank > 2 && (how == null || how == Pool.NONE)) {
      throw problem(
          named + ", several vectors a picture",
          "say what becomes of them: --pool "
              + (rank == 3 ? "cls, mean" : "mean")
              + ", max or flatten");
    }
    if (how == Pool.CLS && rank != 3) {
      throw problem(
          named + ", no list of tokens", rank == 2 ? "leave --pool out" : "choose --pool mean");
    }
    pool = rank == 2 ? Pool.NONE : how;
  }

  /**
   * Features of a batch.
   *
   * @param pixels direct, in the model's layout, {@code count} pictures and no more; 0 to 255 for a
   *     model that takes {@link Numbers#UINT8}
   * @throws InputException one sentence, if the model cannot compute them
   */
  public Features run(FloatBuffer pixels, long count, boolean channelsFirst, int size) {
    long[] shape =
        channelsFirst ? new long[] {count, 3, size, size} : new long[] {count, size, size, 3};
    return call(
        () -> run(pixels, shape, channelsFirst),
        e ->
            problem(
                "cannot compute " + count + " pictures of side " + size + " (" + words(e) + ")",
                "check --size and --layout"));
  }

  private Features run(FloatBuffer pixels, long[] shape, boolean channelsFirst)
      throws OrtException {
    try (OnnxTensor batch = batch(pixels, shape);
        OrtSession.Result result = session.run(Map.of(input.name(), batch), Set.of(output))) {
      OnnxTensor out = (OnnxTensor) result.get(0);
      long[] given = out.getInfo().getShape();
      if (given[0] != shape[0]) {
        throw problem(
            "gives shape " + Arrays.toString(given) + " for " + shape[0] + " pictures",
            "choose an --output with a row a picture");
      }
      return pooled(out.getFloatBuffer(), given, channelsFirst);
    }
  }

  /** Of numbers that are the model's already nothing is copied. */
  private OnnxTensor batch(FloatBuffer pixels, long[] shape) throws OrtException {
    int count = pixels.remaining();
    switch (input.numbers()) {
      case FLOAT16:
        ShortBuffer halves = direct(2 * count).asShortBuffer();
        for (int i = 0; i < count; i++) {
          halves.put(i, Fp16Conversions.floatToFp16(pixels.get(i)));
        }
        return OnnxTensor.createTensor(environment, halves, shape, OnnxJavaType.FLOAT16);
      case UINT8:
        ByteBuffer bytes = direct(count);
        for (int i = 0; i < count; i++) {
          bytes.put(i, (byte) Math.round(pixels.get(i)));
        }
        return OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.UINT8);
      default:
        return OnnxTensor.createTensor(environment, pixels, shape);
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private Features pooled(FloatBuffer values, long[] shape, boolean channelsFirst) {
    int count = (int) shape[0];
    int each = values.remaining() / count;
    float[] all = new float[count * each];
    values.get(all);
    if (pool == Pool.NONE || pool == Pool.FLATTEN) {
      return new Features(all, each);
    }
    boolean planes = shape.length == 4 && planes(shape, channelsFirst);
    int width = (int) shape[planes ? 1 : shape.length - 1];
    int places = each / width;
    float[] rows = new float[count * width];
    for (int i = 0; i < count; i++) {
      for (int d = 0; d < width; d++) {
        int start = i * each + (planes ? d * places : d);
        rows[i * width + d] = pooled(all, start, planes ? 1 : width, places);
      }
    }
    return new Features(rows, width);
  }

  /**
   * Whether a feature's places lie together: [N, D, h, w] rather than [N, h, w, D]. Pictures are
   * squares, so places are; where both could be, it is as in the input.
   */
  private static boolean planes(long[] shape, boolean channelsFirst) {
    boolean first = shape[2] == shape[3];
    return first == (shape[1] == shape[2]) ? channelsFirst : first;
  }

  private float pooled(float[] all, int start, int step, int places) {
    double sum = 0;
    float most = all[start];
    for (int k = 0; k < places; k++) {
      float value = all[start + k * step];
      sum += value;
      most = Math.max(most, value);
    }
    return pool == Pool.CLS ? all[start] : pool == Pool.MAX ? most : (float) (sum / places);
  }

  @Override
  public void close() {
    call(
        () -> {
          session.close();
          return null;
        },
        IllegalStateException::new);
  }
}
