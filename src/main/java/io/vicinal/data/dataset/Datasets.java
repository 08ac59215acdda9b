package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import io.vicinal.loss.tuple.Registry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The registry of dataset formats. Safe for any thread. */
public final class Datasets {
  /** The first that matches is the one. */
  private static final List<Class<? extends DatasetFormat>> ALL =
      List.of(
          CsvFormat.class,
          ParquetFormat.class,
          CubFormat.class,
          CarsFormat.class,
          SopFormat.class,
          InShopFormat.class,
          Cifar10Format.class,
          Cifar100Format.class,
          FashionMnistFormat.class,
          MnistFormat.class,
          ImageNetFormat.class,
          GlyphFormat.class,
          FolderFormat.class);

  private static final Registry<DatasetFormat> REGISTRY =
      new Registry<>("format", ALL, DatasetFormat.Facts.class, DatasetFormat.Facts::name);

  private Datasets() {}

  /** Every name, in the order in which {@link #matching} asks them. */
  public static List<String> names() {
    return REGISTRY.names();
  }

  /** What is known of a format. */
  public static DatasetFormat.Facts facts(DatasetFormat format) {
    return format.getClass().getAnnotation(DatasetFormat.Facts.class);
  }

  /** Every parameter by its external name with its value. */
  public static Map<String, Object> params(DatasetFormat format) {
    return Registry.params(format);
  }

  /**
   * A format with some parameters given as text and the others at their defaults.
   *
   * @throws io.vicinal.InputException if the name, a parameter or its value is unknown
   */
  public static DatasetFormat create(String name, Map<String, String> params) {
    return REGISTRY.create(name, params);
  }

  /**
   * The name of the format that a path looks like.
   *
   * @throws io.vicinal.InputException if there is nothing, or no dataset
   */
  public static String matching(Path path) {
    if (!Files.exists(path)) {
      InputFile.open(path).close(); // says why
    }
    return names().stream()
        .filter(name -> create(name, Map.of()).matches(path))
        .findFirst()
        .orElseThrow(
            () ->
                InputFile.problem(
                    path,
                    "is no dataset",
                    "name a folder of pictures, or a .csv or .parquet with the columns label and path"));
  }

  /**
   * Reads a dataset of the format that its path looks like.
   *
   * @throws io.vicinal.InputException if there is none, or something in it is bad
   */
  public static Dataset open(Path path) {
    return open(path, create(matching(path), Map.of()), false);
  }

  /**
   * Reads a dataset.
   *
   * @param skipBad whether samples that cannot be (a missing file, a row without a label) are left
   *     out and counted in {@link Dataset#notes}
   * @throws io.vicinal.InputException if there is none, or something in it is bad
   */
  public static Dataset open(Path path, DatasetFormat format, boolean skipBad) {
    if (!Files.exists(path)) {
      InputFile.open(path).close(); // says why
    }
    DatasetBuilder builder = new DatasetBuilder(facts(format).name(), path, skipBad);
    format.read(path, builder);
    return builder.build();
  }
}
