package io.vicinal.example;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.Map;

/** An exported head in a service that has ONNX Runtime alone. */
public final class OnnxServingUse implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  public OnnxServingUse(Path model) throws OrtException {
    session = environment.createSession(model.toString());
  }

  /** Rows of features to embeddings, for any number of threads. */
  public float[][] embed(float[][] features) throws OrtException {
    try (OnnxTensor rows = OnnxTensor.createTensor(environment, features);
        OrtSession.Result result = session.run(Map.of("features", rows))) {
      return (float[][]) result.get(0).getValue();
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
