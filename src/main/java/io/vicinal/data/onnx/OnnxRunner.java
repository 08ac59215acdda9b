package io.vicinal.data.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.data.InputFile;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * What ONNX Runtime computes with any model of one input, to compare with. Not for several threads
 * at once.
 */
public final class OnnxRunner implements AutoCloseable {
  private final Path file;
  private final OrtEnvironment environment;
  private final OrtSession session;

  /** What came out, and its shape. */
  public record Result(float[] values, long[] shape) {}

  /**
   * @throws InputException one sentence, if ONNX Runtime is not there or cannot open the file
   */
  public OnnxRunner(Path file) {
    OptionalLibrary.ONNX.require("looking at a model in ONNX's format");
    this.file = file;
    try {
      environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "vicinal");
      session = OnnxModel.call(this::session, e -> failed("cannot be opened", e));
    } catch (LinkageError | IllegalStateException e) {
      throw OnnxModel.unloadable(e);
    }
  }

  private OrtSession session() throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return environment.createSession(file.toString(), options);
    }
  }

  private InputException failed(String what, Exception e) {
    return InputFile.problem(
        file, what + " by ONNX Runtime (" + OnnxModel.words(e) + ")", "export the model again", e);
  }

  /**
   * @param output its name, float32
   */
  public Result run(FloatBuffer values, String output, long... shape) {
    return OnnxModel.call(
        () -> computed(values, output, shape), e -> failed("cannot be computed", e));
  }

  private Result computed(FloatBuffer values, String output, long[] shape) throws OrtException {
    String input = session.getInputNames().iterator().next();
    try (OnnxTensor given = OnnxTensor.createTensor(environment, values, shape);
        OrtSession.Result result = session.run(Map.of(input, given), Set.of(output))) {
      OnnxTensor out = (OnnxTensor) result.get(0);
      FloatBuffer buffer = out.getFloatBuffer();
      float[] all = new float[buffer.remaining()];
      buffer.get(all);
      return new Result(all, out.getInfo().getShape());
    }
  }

  @Override
  public void close() {
    OnnxModel.call(
        () -> {
          session.close();
          return null;
        },
        IllegalStateException::new);
  }
}
