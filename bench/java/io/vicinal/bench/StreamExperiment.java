package io.vicinal.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.backend.Backend;
import io.vicinal.sample.Xoshiro;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Exact influence over features that stay on disk: a million rows of 512 numbers, mapped and read
 * through once per product, in a process of its own whose largest resident set is measured.
 */
final class StreamExperiment implements Experiment {
  private static final long LIMIT = 4L << 30;
  private static final int CLASSES = 100;

  @Override
  public String name() {
    return "stream";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) throws Exception {
    int samples = quick ? 20_000 : 1_000_000;
    int features = quick ? 64 : 512;
    long[] labels = write(folder, samples, features);
    JsonObject json = child(backend, folder, quick ? 16 : 64);
    json.addProperty("bytes_on_disk", 4L * samples * features);
    json.addProperty("peak_bytes_target", LIMIT);
    double peak = json.get("peak_bytes").getAsDouble();
    boolean pass = peak <= LIMIT && json.get("true_residual").getAsDouble() <= 1e-3;
    List<String> table = new ArrayList<>();
    table.add(
        String.format(
            Locale.ROOT,
            "  N=%d D=%d d=%d C=%d, %.2f GiB on disk: %d queries, %d products, %.0f s (%.2f s a"
                + " product), residual %.1e, peak memory %.2f GiB (at most %.0f)",
            labels.length,
            features,
            json.get("d").getAsInt(),
            CLASSES,
            4.0 * samples * features / (1L << 30),
            json.get("queries").getAsInt(),
            json.get("products").getAsLong(),
            json.get("seconds").getAsDouble(),
            json.get("product_s").getAsDouble(),
            json.get("true_residual").getAsDouble(),
            peak / (1L << 30),
            LIMIT / (double) (1L << 30)));
    return new Outcome(table, json, pass);
  }

  /** Rows around class centres with uniform noise, written row by row: X.npy and y.npy. */
  private static long[] write(Path folder, int samples, int features) throws IOException {
    Xoshiro generator = new Xoshiro(41);
    float[][] centers = new float[CLASSES][features];
    for (float[] center : centers) {
      for (int j = 0; j < features; j++) {
        center[j] = (float) (0.35 * generator.nextGaussian());
      }
    }
    long[] labels = new long[samples];
    try (FileChannel x = create(folder.resolve("X.npy"));
        FileChannel y = create(folder.resolve("y.npy"))) {
      x.write(header("<f4", "(" + samples + ", " + features + ")"));
      y.write(header("<i8", "(" + samples + ",)"));
      int rows = 4096;
      ByteBuffer block =
          ByteBuffer.allocateDirect(rows * features * 4).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer ids = ByteBuffer.allocate(samples * 8).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < samples; i++) {
        labels[i] = generator.below(CLASSES);
        ids.putLong(labels[i]);
        float[] center = centers[(int) labels[i]];
        for (int j = 0; j < features; j += 4) {
          long bits = generator.nextLong(); // four uniform numbers of variance 1
          for (int k = j; k < Math.min(j + 4, features); k++, bits >>>= 16) {
            block.putFloat(center[k] + (float) (Math.sqrt(12) * ((bits & 0xffff) / 65536.0 - 0.5)));
          }
        }
        if (!block.hasRemaining()) {
          flush(x, block);
        }
      }
      flush(x, block);
      ids.flip();
      y.write(ids);
    }
    return labels;
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private static void flush(FileChannel file, ByteBuffer block) throws IOException {
    block.flip();
    while (block.hasRemaining()) {
      file.write(block);
    }
    block.clear();
  }

  /** Version 1.0 of NumPy's format: magic, version, length, a dictionary padded to 64 bytes. */
  private static ByteBuffer header(String descr, String shape) {
    String text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
    int length = (10 + text.length() + 1 + 63) / 64 * 64 - 10;
    ByteBuffer header = ByteBuffer.allocate(10 + length).order(ByteOrder.LITTLE_ENDIAN);
    header.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) length);
    header.put(
        (text + " ".repeat(length - text.length() - 1) + "\n").getBytes(StandardCharsets.US_ASCII));
    return header.flip();
  }

  private static JsonObject child(Backend backend, Path folder, int width)
      throws IOException, InterruptedException {
    String answer =
        Child.run(
            StreamedInfluence.class,
            List.of("-Xmx512m"),
            Integer.toString(backend.threads()),
            folder.toString(),
            Integer.toString(width));
    return JsonParser.parseString(answer).getAsJsonObject();
  }
}
