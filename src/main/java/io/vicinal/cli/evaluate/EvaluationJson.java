package io.vicinal.cli.evaluate;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.Version;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.data.Names;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.KMeans;
import io.vicinal.retrieval.MetricKind.Needs;
import io.vicinal.retrieval.MetricSettings;
import io.vicinal.tensor.Tensor;

/** The file that {@code vicinal evaluate} writes. */
final class EvaluationJson {
  private EvaluationJson() {}

  /**
   * @param count classes of queries and gallery
   */
  static JsonObject of(
      Evaluation evaluation,
      Tensor e,
      Tensor g,
      Names names,
      long count,
      EvaluationOptions options) {
    JsonObject json = new JsonObject();
    json.add("values", JsonFile.tree(evaluation.values()));
    json.add("definitions", JsonFile.gson().toJsonTree(evaluation.definitions()));
    json.add("counts", JsonFile.gson().toJsonTree(evaluation.counts()));
    json.addProperty("protocol", g == null ? "same-set" : "query-gallery");
    json.addProperty("distance", "l2");
    json.addProperty("normalize", options.normalize());
    json.addProperty("dtype", ElementType.name(e.dtype()));
    json.addProperty("gallery", g == null ? e.dim(0) : g.dim(0));
    json.addProperty("width", e.dim(1));
    MetricSettings settings = options.settings();
    long rows = e.dim(0) + (g == null ? 0 : g.dim(0));
    if (uses(options, Needs.CLUSTERS)) {
      json.add(
          "clustering",
          recipe(
              "k-means, FAISS",
              "the start with the lowest sum of squares within clusters",
              rows,
              count,
              settings));
    }
    if (uses(options, Needs.DIRECTIONS)) {
      json.add(
          "clustering_cosine",
          recipe(
              "spherical k-means",
              "the start with the largest sum of cosines within clusters",
              rows,
              count,
              settings));
    }
    if (uses(options, Needs.LISTS)) {
      json.addProperty("relevance", settings.grades().text());
      json.addProperty("vote_temperature", settings.voteTemperature());
    }
    if (!evaluation.vectors().isEmpty()) {
      json.add("vectors", JsonFile.tree(evaluation.vectors()));
    }
    if (!settings.compat().isEmpty()) {
      JsonObject compat = new JsonObject();
      settings.compat().forEach(one -> compat.addProperty(one.id(), one.text()));
      json.add("compat", compat);
    }
    JsonArray classes = new JsonArray();
    for (Evaluation.PerClass one : evaluation.perClass()) {
      JsonObject entry = new JsonObject();
      entry.addProperty("label", one.label());
      if (names.get(one.label()) != null) {
        entry.addProperty("name", names.get(one.label()));
      }
      entry.addProperty("queries", one.queries());
      entry.addProperty("lone", one.lone());
      entry.add("values", JsonFile.tree(one.values()));
      classes.add(entry);
    }
    json.add("per_class", classes);
    JsonObject versions = new JsonObject();
    versions.addProperty("vicinal", Version.text());
    versions.addProperty("faiss", FaissLibrary.version());
    json.add("versions", versions);
    return json;
  }

  private static boolean uses(EvaluationOptions options, Needs needs) {
    return options.metrics().stream().anyMatch(id -> id.kind().needs() == needs);
  }

  private static JsonObject recipe(
      String method, String kept, long rows, long classes, MetricSettings settings) {
    int starts = settings.clusterStarts();
    long clusters = settings.clusters(classes);
    JsonObject recipe = new JsonObject();
    recipe.addProperty("method", method);
    recipe.addProperty("clusters", clusters);
    recipe.addProperty("iterations", KMeans.ITERATIONS);
    recipe.addProperty("starts", starts > 0 ? starts : KMeans.starts(rows, clusters));
    recipe.addProperty("kept", kept);
    recipe.addProperty("seed", settings.clusterSeed());
    return recipe;
  }
}
