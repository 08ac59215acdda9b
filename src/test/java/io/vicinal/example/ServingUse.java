package io.vicinal.example;

import io.vicinal.data.Rows;
import io.vicinal.nn.Embedder;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** A service's model: loaded once, asked by every request's own thread. */
public final class ServingUse implements AutoCloseable {
  private final Embedder embedder;

  public ServingUse(Path head) {
    embedder = Embedder.load(head);
  }

  /** One request: a row of features in, its embedding out. */
  public float[] embed(float[] features) {
    return embedder.embed(features);
  }

  /** A whole catalogue, from buffer to buffer: 4 MiB are copied at a time. */
  public void embedAll(FloatBuffer features, FloatBuffer embeddings) {
    embedder.embed(Rows.of(features, embedder.features()), embeddings);
  }

  /** When the service ends; requests that are under way still get their answer. */
  @Override
  public void close() {
    embedder.close();
  }
}
