package io.vicinal.data.image;

import io.vicinal.InputException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Encoded pictures with names, by position. Safe for any number of threads. */
public interface ImageSource extends AutoCloseable {
  /** How many there are. */
  int size();

  /** The name of one, such as its path below a folder. */
  String name(int sample);

  /** What was left out of it on purpose, a sentence each that names the file. */
  default List<String> leftOut() {
    return List.of();
  }

  /** The file that is one picture; null where it is a part of something. */
  default Path path(int sample) {
    return null;
  }

  /**
   * Hands one to a decoder, which is valid while {@code use} runs.
   *
   * @throws InputException one sentence that names the picture, also for what {@code use} says
   *     against it
   */
  <R> R read(int sample, ImageDecoder decoder, Function<ImageDecoder, R> use);

  @Override
  default void close() {}
}
