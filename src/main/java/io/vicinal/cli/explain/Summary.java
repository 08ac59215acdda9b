package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.Version;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Explainer;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import java.util.List;

/** The facts that stand beside a command's numbers: {@code summary.json}. Stateless. */
final class Summary {
  private Summary() {}

  /** Begins with what every summary says. */
  static JsonObject of(String command, ModelInputs model) {
    JsonObject json = new JsonObject();
    json.addProperty("command", "explain " + command);
    json.add("data", model.facts());
    JsonObject versions = new JsonObject();
    versions.addProperty("vicinal", Version.text());
    versions.addProperty("java", Runtime.version().toString());
    versions.addProperty("isa", model.backend().isa());
    versions.addProperty("threads", model.backend().threads());
    versions.addProperty("blas", model.backend().blas());
    json.add("versions", versions);
    return json;
  }

  /** In a line, for a terminal. */
  static String said(Damping damping) {
    return "damping: " + damping;
  }

  /** The same of one of several. */
  static String said(Damping damping, String name) {
    return "damping of " + name + ": " + damping;
  }

  /**
   * What all methods rest on.
   *
   * @param spectrum or null if it is not known
   */
  static JsonObject solver(Explainer explainer, Spectrum spectrum) {
    HeadProblem problem = explainer.problem();
    Damping damping = explainer.damping();
    JsonObject json = new JsonObject();
    json.addProperty("theta", problem.theta().toString());
    json.addProperty("dtype", ElementType.name(problem.dtype()));
    json.addProperty("damping", explainer.options().damping());
    json.addProperty("lambda", damping.lambda());
    json.addProperty("multiple", damping.multiple());
    json.addProperty("unit", damping.unit().toString());
    json.addProperty("unit_value", problem.meanEigenvalue());
    json.addProperty("unit_error", problem.meanEigenvalueError());
    json.addProperty("largest_eigenvalue", spectrum == null ? Double.NaN : spectrum.largest());
    json.addProperty("smallest_eigenvalue", spectrum == null ? Double.NaN : spectrum.smallest());
    json.addProperty("eigenvalues_of", spectrum == null ? null : "EK-FAC");
    json.addProperty("tolerance", explainer.options().tolerance());
    json.addProperty("preconditioner", problem.isRotated() ? "EK-FAC" : "none");
    return json;
  }

  /**
   * The queries as a file has them.
   *
   * @param delivered value of each at the delivered head
   */
  static JsonObject queries(List<Query> queries, double[] delivered) {
    JsonArray rows = new JsonArray();
    for (int q = 0; q < queries.size(); q++) {
      Query query = queries.get(q);
      JsonObject json = new JsonObject();
      json.addProperty("row", q);
      json.addProperty("id", query.id());
      query.facts().forEach((name, fact) -> json.add(name, JsonFile.tree(fact)));
      json.addProperty("unit", query.measurement().unit());
      json.addProperty("value", delivered[q]);
      rows.add(json);
    }
    JsonObject json = new JsonObject();
    json.add("queries", rows);
    return json;
  }

  /** What a method's numbers rest on. */
  static JsonObject method(Attribution one) {
    JsonObject json = new JsonObject();
    json.addProperty("method", one.method());
    json.addProperty("products", one.products());
    json.addProperty("largest_residual", one.largestResidual());
    json.addProperty("seconds", one.seconds());
    JsonArray queries = new JsonArray();
    for (int row = 0; row < one.rows(); row++) {
      Diagnostics diagnostics = one.diagnostics().get(row);
      JsonObject query = diagnostics(diagnostics);
      SignedSets sets = one.sets(row);
      query.addProperty("helpful", sets.helpful().length);
      query.addProperty("harmful", sets.harmful().length);
      if (!Double.isNaN(diagnostics.originalFactor())) {
        boolean same = diagnostics.originalFactor() > 0;
        query.addProperty("original_harmful_when", same ? "above 0" : "below 0");
      }
      queries.add(query);
    }
    json.add("queries", queries);
    return json;
  }

  private static JsonObject diagnostics(Diagnostics diagnostics) {
    JsonObject json = JsonFile.tree(diagnostics).getAsJsonObject();
    json.remove("more");
    json.addProperty("failed", diagnostics.failed());
    diagnostics
        .more()
        .forEach((name, fact) -> json.add(name.replace(' ', '_'), JsonFile.tree(fact)));
    return json;
  }
}
