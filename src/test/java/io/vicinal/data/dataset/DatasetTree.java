package io.vicinal.data.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A miniature of a dataset on the disk; its pictures are empty, for nobody opens them. */
public record DatasetTree(Path folder) {
  /** Writes a text file. */
  public DatasetTree text(String name, String... lines) {
    return bytes(name, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  public DatasetTree bytes(String name, byte... bytes) {
    try {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes pictures. */
  public DatasetTree images(String... names) {
    for (String name : names) {
      bytes(name);
    }
    return this;
  }

  Dataset read(String format) {
    return read(format, Map.of());
  }

  Dataset read(String format, Map<String, String> params) {
    return Datasets.open(folder, Datasets.create(format, params), false);
  }

  /** A dataset's samples: split, class, name. */
  static List<String> rows(Dataset data) {
    List<String> rows = new ArrayList<>();
    for (int id = 0; id < data.size(); id++) {
      rows.add(data.split(id) + " " + data.classes().get(data.label(id)) + " " + data.name(id));
      if (data.pixels() == null) {
        assertThat(data.file(id)).isRegularFile();
      }
    }
    return rows;
  }

  static int[] labels(Dataset data) {
    return IntStream.range(0, data.size()).map(data::label).toArray();
  }
}
