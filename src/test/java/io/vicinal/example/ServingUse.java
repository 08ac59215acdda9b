package io.vicinal.example;

import io.vicinal.data.Rows;
import io.vicinal.nn.Embedder;
import io.vicinal.retrieval.VectorIndex;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** A service's model and catalogue: opened once, asked by every request's own thread. */
public final class ServingUse implements AutoCloseable {
  private final Embedder embedder;
  private final VectorIndex index = VectorIndex.create(64, VectorIndex.Metric.COSINE);

  /** The catalogue goes from buffer to buffer: 4 MiB are copied at a time. */
  public ServingUse(Path head, FloatBuffer catalogue) {
    embedder = Embedder.load(head);
    int count = catalogue.remaining() / embedder.features();
    FloatBuffer embeddings = FloatBuffer.allocate(count * embedder.width());
    embedder.embed(Rows.of(catalogue, embedder.features()), embeddings);
    index.add(embeddings.flip());
    index.setThreads(1); // the callers are many
  }

  /** One request: a row of features in, the nearest rows of the catalogue out. */
  public long[] similar(float[] features, int k) {
    return index.search(embedder.embed(features), k).ids();
  }

  /** When the service ends; requests that are under way still get their answer. */
  @Override
  public void close() {
    embedder.close();
    index.close();
  }
}
