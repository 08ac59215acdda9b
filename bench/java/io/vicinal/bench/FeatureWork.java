package io.vicinal.bench;

import io.vicinal.OptionalLibrary;
import io.vicinal.backend.Backend;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.onnx.FeatureExtractor;
import io.vicinal.data.onnx.FeatureRows;
import io.vicinal.data.onnx.ModelPictures;
import io.vicinal.data.onnx.OnnxModel;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Features of photographs in a folder by a ResNet in ONNX's format, from files to rows: decoded,
 * shorter side 256, centre crop 224, normalised, through the network. The peer makes the model, with
 * seeded weights, so ours is opened when it is there. Not thread-safe.
 */
final class FeatureWork implements Work {
  private static final int SIDE = 224;

  private final Arena arena = Arena.host();
  private final Backend backend;
  private final String network;
  private final int count;
  private final int batch;
  private Path folder;
  private ImageFiles files;
  private OnnxModel model;
  private Tensor features;

  FeatureWork(Backend backend, String network, int count, int batch) {
    this.backend = backend;
    this.network = network;
    this.count = count;
    this.batch = batch;
  }

  @Override
  public String problem() {
    return network
        + ", "
        + count
        + " JPEG of 500 x 375, batches of "
        + batch
        + ", ours by "
        + OptionalLibrary.ONNX.artifact();
  }

  @Override
  public void prepare(Path folder) throws IOException {
    this.folder = folder;
    Path photos = folder.resolve("photos");
    files = new ImageFiles(photos, Photographs.write(photos, count, 61));
  }

  @Override
  public List<String> peerArguments() {
    return List.of("features", network, Integer.toString(batch));
  }

  @Override
  public void repeat() {
    if (model == null) {
      model = new OnnxModel(folder.resolve("model.onnx"), backend.threads());
      model.choose(null, null);
    }
    ModelPictures pictures = ModelPictures.named("torchvision", SIDE).checked();
    FeatureExtractor work =
        new FeatureExtractor(model, pictures, true, batch, backend.threads());
    Path kept = folder.resolve("rows");
    try (FeatureRows rows = new FeatureRows(kept)) {
      work.run(files, rows, done -> {});
      arena.reset();
      features = rows.read(arena);
    }
    try {
      Files.delete(kept);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void poison() {
    features = null;
  }

  @Override
  public Map<String, Double> values() {
    return Map.of();
  }

  @Override
  public Map<String, Tensor> arrays() {
    return Map.of("features", features);
  }

  @Override
  public double flops() {
    return 0;
  }

  @Override
  public double bytes() {
    return count * (45_000.0 + 4.0 * 3 * SIDE * SIDE);
  }

  @Override
  public void close() {
    if (model != null) {
      model.close();
    }
    arena.close();
  }
}
