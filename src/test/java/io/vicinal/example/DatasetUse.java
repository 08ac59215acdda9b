package io.vicinal.example;

import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.dataset.Holdout;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The pictures of the classes that training keeps, and what they show. */
public final class DatasetUse {
  /** By file; a collection such as CUB_200_2011, half of whose training classes validate. */
  public static Map<Path, String> training(Path collection) {
    Dataset all = Datasets.open(collection);
    Dataset split = new Holdout(0.5, Holdout.By.CLASS, Holdout.Stay.FIRST, 0).of(all);
    Map<Path, String> pictures = new TreeMap<>();
    for (int id : split.ids(Dataset.TRAIN)) {
      pictures.put(split.file(id), split.classes().get(split.label(id)));
    }
    return pictures;
  }
}
