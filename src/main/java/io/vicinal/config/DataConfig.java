package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.data.FeatureFolder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;

/**
 * The training data: a pair of array files, a named dataset's training part, or features that a
 * program hands to the trainer.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param features [N, D], any file or folder of features that {@link io.vicinal.data.ArrayFile}
 *     reads, of a folder with several splits {@code train}; null with a named dataset
 * @param labels [N], any that {@link io.vicinal.data.Labels} reads, by default those of a folder of
 *     features; null with a named dataset
 * @param dataset {@code fashion-mnist}; {@code given} for features handed over by a program; null
 *     with files
 * @param folder where the dataset lies; null for its usual places
 * @param classes the class ids to train on; empty for all
 * @param classNames a list of the classes' names by id (see {@link io.vicinal.data.Names}); null
 * @param sampleNames a list of the N samples' names; null
 */
public record DataConfig(
    Path features,
    Path labels,
    String dataset,
    Path folder,
    List<Long> classes,
    Path classNames,
    Path sampleNames) {

  /** The dataset's name when a program hands over the features. */
  public static final String GIVEN = "given";

  static DataConfig read(ConfigObject s) {
    Path features = FeatureFolder.training(s.file("features"));
    Path labels = FeatureFolder.or(s.file("labels"), features);
    String dataset = s.has("dataset") ? s.choice("dataset", null, "fashion-mnist", GIVEN) : null;
    Path folder = s.file("folder");
    List<Long> classes = s.wholes("classes");
    Path classNames = s.file("classNames");
    Path sampleNames = FeatureFolder.or(s.file("sampleNames"), features);
    s.end();
    if (dataset == null && features == null) {
      throw s.error(
          "features",
          "is missing; give a .npy, .npz, .parquet or .csv file, a folder that 'vicinal features'"
              + " wrote, or data.dataset=fashion-mnist");
    }
    if (dataset == null && labels == null) {
      throw s.error("labels", "is missing; give the file of the features' labels");
    }
    if (dataset != null && (features != null || labels != null)) {
      throw s.error("dataset", "excludes features and labels; keep one of the two");
    }
    if (dataset == null && folder != null) {
      throw s.error("folder", "belongs to data.dataset; remove it");
    }
    if (new HashSet<>(classes).size() != classes.size()) {
      throw s.error("classes", "names a class twice; list each once");
    }
    return new DataConfig(features, labels, dataset, folder, classes, classNames, sampleNames);
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    Json.path(o, "features", features);
    boolean samples = FeatureFolder.of(features) != null; // which has labels and names of its own
    if (!samples || !labels.equals(features)) {
      Json.path(o, "labels", labels);
    }
    Json.text(o, "dataset", dataset);
    Json.path(o, "folder", folder);
    if (!classes.isEmpty()) {
      JsonArray array = new JsonArray();
      classes.forEach(array::add);
      o.add("classes", array);
    }
    Json.path(o, "classNames", classNames);
    if (!samples || !sampleNames.equals(features)) {
      Json.path(o, "sampleNames", sampleNames);
    }
    return o;
  }
}
