package io.vicinal.kit;

import com.google.gson.Gson;
import io.vicinal.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Published and re-derived values of losses and their gradients on inputs that are formulas; the
 * files are resources under {@code golden/}. Immutable.
 *
 * @param source where the values are from
 * @param fixture the inputs' formula
 * @param relative error of the values
 * @param gradients relative error of their norms and first elements; null: that of the values
 */
public record Golden(
    String source, String fixture, double relative, Double gradients, List<Case> cases) {
  /** The files. */
  public static final List<String> FILES =
      List.of("sine12", "sine180", "waves8", "waves8mod4", "iris9");

  /**
   * Single precision: logits are up to 64 times a cosine whose rounding is 1e-7, and losses are of
   * that size, so 1e-5 of the value; gradients are a difference of probabilities times the scale,
   * which loses a digit more.
   */
  private static final double SINGLE_VALUE = 1e-5;

  private static final double SINGLE_GRADIENT = 1e-4;

  /**
   * One loss; a null value is not known.
   *
   * @param rows of the fixture, 0 for all
   * @param relative error of all of it; null: the file's
   * @param gradEmbeddings Frobenius norm, and {@code firstEmbedding} its first element
   * @param gradProxies the same for the proxies
   */
  public record Case(
      String loss,
      Map<String, String> params,
      int rows,
      Double relative,
      double value,
      Double gradEmbeddings,
      Double firstEmbedding,
      Double gradProxies,
      Double firstProxy) {}

  /** Reads a file of {@link #FILES}. */
  public static Golden load(String name) throws IOException {
    try (InputStream file = Golden.class.getResourceAsStream("/golden/" + name + ".json");
        Reader reader = new InputStreamReader(file, StandardCharsets.UTF_8)) {
      return new Gson().fromJson(reader, Golden.class);
    }
  }

  /** Relative tolerance of a case's value in a type. */
  public double valueTolerance(Case one, DType type) {
    double own = one.relative == null ? relative : one.relative;
    return Math.max(own, type == DType.F32 ? SINGLE_VALUE : 0);
  }

  /** Relative tolerance of a case's gradients in a type. */
  public double gradientTolerance(Case one, DType type) {
    double all = gradients == null ? relative : gradients;
    double own = one.relative == null ? all : one.relative;
    return Math.max(own, type == DType.F32 ? SINGLE_GRADIENT : 0);
  }
}
