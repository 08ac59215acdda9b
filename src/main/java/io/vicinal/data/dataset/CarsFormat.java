package io.vicinal.data.dataset;

import io.vicinal.loss.tuple.Standard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Stanford Cars 196.
 *
 * @param split classes: the first half of them trains, the others test; official: the field test
 */
@DatasetFormat.Facts(
    name = "cars",
    layout =
        "cars_annos.mat and car_ims/; or images/CLASS/ alone. The first 98 classes train, the last"
            + " 98 test; split=official is the field test of the .mat",
    source = "Krause et al., 3D Object Representations for Fine-Grained Categorization, 2013")
public record CarsFormat(
    @Standard(
            value = "classes",
            choices = {"classes", "official"})
        String split)
    implements DatasetFormat {
  private static final String ANNOTATIONS = "cars_annos.mat";

  @Override
  public boolean matches(Path path) {
    return Files.isRegularFile(path.resolve(ANNOTATIONS));
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    boolean official = split.equals("official");
    into.published(Dataset.TRAIN, official ? 8144 : 8054);
    into.published(Dataset.TEST, official ? 8041 : 8131);
    Path file = path.resolve(ANNOTATIONS);
    if (!official && !Files.exists(file) && Files.isDirectory(path.resolve("images"))) {
      new FolderFormat("none").read(path.resolve("images"), into);
      into.splitClasses();
      return;
    }
    MatlabFile mat = MatlabFile.open(file);
    List<String> names = mat.texts("class_names");
    names.forEach(into::classOf);
    int count = mat.rows("annotations");
    for (int i = 0; i < count; i++) {
      String at = "annotation " + (i + 1);
      int label = (int) mat.number("annotations", "class", i);
      if (label < 1 || !names.isEmpty() && label > names.size()) {
        into.bad(file, at + ": class " + label + " is none of 1 to " + names.size());
        continue;
      }
      String image = mat.text("annotations", "relative_im_path", i);
      if (into.listed(file, at, image, "")) {
        boolean test = mat.number("annotations", "test", i) == 1;
        String name = names.isEmpty() ? Integer.toString(label) : names.get(label - 1);
        into.add(image, into.classOf(name), test ? Dataset.TEST : Dataset.TRAIN);
        into.box(
            (float) mat.number("annotations", "bbox_x1", i) - 1, // pixels count from 1 there
            (float) mat.number("annotations", "bbox_y1", i) - 1,
            (float) mat.number("annotations", "bbox_x2", i),
            (float) mat.number("annotations", "bbox_y2", i));
      }
    }
    if (names.isEmpty()) {
      into.sortClasses(true);
    }
    if (!official) {
      into.splitClasses();
    }
  }
}
