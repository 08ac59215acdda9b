package io.vicinal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * Libraries that a part of Vicinal needs and Maven does not bring with {@code io.vicinal:vicinal}:
 * a program that trains, embeds and searches on the processor stays small. Where one is missing and
 * needed, a sentence names what to add. Immutable, so safe for any thread.
 */
public enum OptionalLibrary {
  /** The JavaCPP presets that load CUDA; for {@code Backend.open("cuda")}. */
  CUDA("org.bytedeco:cuda", "org.bytedeco.cuda.global.cudart"),
  /** UMAP, for the report's map. */
  UMAP("tech.molecules:external-umap-java", "tagbio.umap.Umap"),
  /** MATLAB's files, for Cars-196. */
  MATLAB("us.hebi.matlab.mat:mfl-core", "us.hebi.matlab.mat.format.Mat5"),
  /** Networks in ONNX's format, for features of pictures. */
  ONNX("org.bytedeco:onnxruntime", "ai.onnxruntime.OrtEnvironment"),
  /** Protocol buffers, of which files in ONNX's format are made. */
  PROTOBUF("com.google.protobuf:protobuf-javalite", "com.google.protobuf.CodedOutputStream"),
  /** Lucene, for an index of its own. */
  LUCENE("org.apache.lucene:lucene-core", "org.apache.lucene.index.IndexWriter"),
  /** The schema, the pages and the values of Parquet files. */
  PARQUET("org.apache.parquet:parquet-column", "org.apache.parquet.column.impl.ColumnReaderImpl"),
  /** The headers and footers of Parquet files. */
  PARQUET_FORMAT(
      "org.apache.parquet:parquet-format-structures", "org.apache.parquet.format.FileMetaData"),
  /** Snappy, Zstandard and LZ4, with which the pages of Parquet files are packed. */
  COMPRESSION("io.airlift:aircompressor", "io.airlift.compress.Decompressor"),
  /** Options and help of the command line. */
  PICOCLI("info.picocli:picocli", "picocli.CommandLine"),
  /** The command line's progress bar. */
  PROGRESS_BAR("me.tongfei:progressbar", "me.tongfei.progressbar.ProgressBar");

  private static final Properties VERSIONS = versions();

  private final String artifact;
  private final String type;

  OptionalLibrary(String artifact, String type) {
    this.artifact = artifact;
    this.type = type;
  }

  /** {@code group:artifact:version}, the version that this build is tested with. */
  public String artifact() {
    return artifact + ":" + VERSIONS.getProperty(artifact.substring(artifact.indexOf(':') + 1));
  }

  /** Whether it is on the class path. */
  public boolean present() {
    try {
      Class.forName(type, false, OptionalLibrary.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /**
   * @param part what needs it, for the sentence
   * @throws InputException if it is not on the class path
   */
  public void require(String part) {
    if (!present()) {
      throw new InputException(
          part + " needs a library that is not on the class path: add " + artifact());
    }
  }

  /**
   * Refuses Parquet files where one of the three libraries is missing that read and write them.
   *
   * @throws InputException that names all three
   */
  public static void requireParquet() {
    OptionalLibrary[] all = {PARQUET, PARQUET_FORMAT, COMPRESSION};
    if (!Arrays.stream(all).allMatch(OptionalLibrary::present)) {
      throw new InputException(
          "a Parquet file needs libraries that are not on the class path: add "
              + Arrays.stream(all)
                  .map(OptionalLibrary::artifact)
                  .collect(Collectors.joining(", ")));
    }
  }

  private static Properties versions() {
    try (InputStream in = OptionalLibrary.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties;
    } catch (IOException e) {
      throw new UncheckedIOException("the version resource of this build cannot be read", e);
    }
  }
}
