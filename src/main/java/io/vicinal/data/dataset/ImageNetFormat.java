package io.vicinal.data.dataset;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** ImageNet's folders of synsets. */
@DatasetFormat.Facts(
    name = "imagenet",
    layout =
        "SPLIT/SYNSET/..., such as train/n01440764/ (here or in ILSVRC/Data/CLS-LOC);"
            + " a validation split without folders takes its labels from the development kit or"
            + " LOC_val_solution.csv; LOC_synset_mapping.txt, synset_words.txt or words.txt, if there, names the classes",
    source = "Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, 2015")
public record ImageNetFormat() implements DatasetFormat {
  private static Path images(Path path) {
    Path inner = path.resolve("ILSVRC").resolve("Data").resolve("CLS-LOC");
    return Files.isDirectory(inner) ? inner : path;
  }

  @Override
  public boolean matches(Path path) {
    Path train = images(path).resolve("train");
    try (DirectoryStream<Path> synsets = Files.newDirectoryStream(train, "n[0-9]*")) {
      for (Path synset : synsets) {
        if (synset.getFileName().toString().matches("n[0-9]{8}")) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    into.published(Dataset.TRAIN, 1_281_167);
    into.published(Dataset.VALIDATION, 50_000);
    Path images = images(path);
    ImageNetLabels labels = ImageNetLabels.find(path, images);
    boolean[] flat = {false};
    new FolderFormat("folders")
        .read(
            images,
            into,
            image -> {
              boolean known = FolderFormat.split(image.split("/")[0]).equals(Dataset.VALIDATION);
              flat[0] |= known && labels.of(image) == null;
              return known ? labels.of(image) : null;
            });
    if (flat[0]) {
      into.note(
          "validation pictures lie in no folders of synsets, and "
              + (labels.known() ? "their list does not have all of them" : ImageNetLabels.REMEDY));
    }
    Map<String, String> words = new HashMap<>();
    Stream.of("LOC_synset_mapping.txt", "synset_words.txt", "words.txt")
        .flatMap(name -> Stream.of(path.resolve(name), images(path).resolve(name)))
        .filter(Files::isRegularFile)
        .findFirst()
        .ifPresent(file -> words(file, words));
    into.called(synset -> words.getOrDefault(synset, synset));
  }

  private static void words(Path file, Map<String, String> words) {
    try (ListFile list = new ListFile(file)) {
      for (List<String> row = list.next(2); row != null; row = list.next(2)) {
        words.put(row.get(0), row.get(1));
      }
    }
  }
}
