package io.vicinal.report;

import io.vicinal.InputException;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.image.DatasetImages;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.ImageSource;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * The pictures that features were made of, from their own dataset. One that cannot be read any more
 * is left out and counted. Not for several threads at once.
 */
public final class SamplePictures implements Look {
  private final FeatureFolder samples;
  private final LongUnaryOperator place;
  private ImageSource images;
  private Map<String, Integer> ids; // of pictures that are no files, by name
  private int unreadable;

  private SamplePictures(FeatureFolder samples, LongUnaryOperator place) {
    this.samples = samples;
    this.place = place;
  }

  /**
   * @param features what was read as features
   * @param moved where the dataset is now, or null where it was
   * @param place of a row among those samples
   * @return null if those are no folder of features
   */
  public static SamplePictures of(Path features, Path moved, LongUnaryOperator place) {
    FeatureFolder samples = FeatureFolder.of(features);
    return samples == null ? null : new SamplePictures(samples.moved(moved), place);
  }

  @Override
  public void addTo(Pictures pictures, String key, long row) {
    BufferedImage image = image((int) place.applyAsLong(row));
    if (image == null) {
      unreadable++; // its name is shown
    } else {
      pictures.put(key, image);
    }
  }

  @Override
  public int unreadable() {
    return unreadable;
  }

  private BufferedImage image(int sample) {
    if (samples.hasFiles()) {
      Path file = samples.file(sample).toAbsolutePath();
      return Thumbnail.of(
          new ImageFiles(file.getParent(), List.of(file.getFileName().toString())),
          0,
          box(samples.box(sample)));
    }
    open();
    Integer id = ids.get(samples.name(sample));
    return id == null ? null : Thumbnail.of(images, id, null);
  }

  private static Dataset.Box box(double[] corners) {
    return corners == null
        ? null
        : new Dataset.Box(
            (float) corners[0], (float) corners[1], (float) corners[2], (float) corners[3]);
  }

  /** Pictures that are rows of larger files. */
  private void open() {
    if (ids != null) {
      return;
    }
    ids = new HashMap<>();
    if (samples.dataset() == null || samples.fact("format") == null) {
      return;
    }
    try {
      Dataset data =
          Datasets.open(
              samples.dataset(),
              Datasets.create(samples.fact("format"), samples.facts("params")),
              true);
      images = new DatasetImages(data);
      for (int id = 0; id < data.size(); id++) {
        ids.putIfAbsent(data.name(id), id);
      }
    } catch (InputException e) {
      // it is there no more, and each picture counts as unreadable
    }
  }
}
