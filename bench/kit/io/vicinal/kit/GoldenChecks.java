package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** A device against published values, with no other code of ours in between. */
public final class GoldenChecks {
  private GoldenChecks() {}

  static void run(Comparison c, Backend device, String only) {
    for (String file : Golden.FILES) {
      Golden golden;
      try {
        golden = Golden.load(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      for (Golden.Case one : golden.cases()) {
        for (DType type : new DType[] {DType.F32, DType.F64}) {
          String name = "golden " + file + " " + one.loss() + " " + one.params() + " " + type;
          if (name.contains(only)) {
            check(c, name, device, file, golden, one, type);
          }
        }
      }
    }
  }

  private static void check(
      Comparison c,
      String name,
      Backend device,
      String file,
      Golden golden,
      Golden.Case one,
      DType type) {
    try {
      double worst = worst(device, file, golden, one, type);
      String share = String.format(Locale.ROOT, "%.2g of what is allowed", worst);
      c.report(name, worst <= 1 ? null : share, share);
    } catch (RuntimeException e) {
      c.report(name, e.getClass().getSimpleName() + ": " + e.getMessage(), "");
    }
  }

  /**
   * The largest error of a case's value and gradients, as a share of what is allowed: at most 1 is
   * right.
   *
   * @param file of {@link Golden#FILES}, that of the case
   */
  public static double worst(
      Backend device, String file, Golden golden, Golden.Case one, DType type) {
    Loss loss = Losses.create(one.loss(), one.params());
    GoldenFixtures.Fixture whole = GoldenFixtures.named(file, one.loss(), loss.centers());
    GoldenFixtures.Fixture fixture = one.rows() > 0 ? whole.firstRows(one.rows()) : whole;
    try (Arena arena = new Arena(device.memory())) {
      Tensor embeddings = filled(arena, type, fixture.embeddings(), fixture.d());
      Tensor proxies = filled(arena, type, fixture.proxies(), fixture.d());
      Tensor ofEmbeddings = arena.allocate(type, embeddings.shape());
      Tensor ofProxies = arena.allocate(type, proxies.shape());
      Targets targets = Targets.of(arena.of(fixture.labels(), fixture.labels().length));
      LossValue value =
          device.loss(
              loss.spec(),
              fixture.classes(),
              embeddings,
              targets,
              proxies,
              null,
              ofEmbeddings,
              ofProxies);
      double gradient = golden.gradientTolerance(one, type);
      double[] byEmbedding = ofEmbeddings.toDoubles();
      double[] byProxy = ofProxies.toDoubles();
      return DoubleStream.of(
              off(value.loss(), one.value(), golden.valueTolerance(one, type)),
              off(GoldenFixtures.norm(byEmbedding), one.gradEmbeddings(), gradient),
              off(byEmbedding[0], one.firstEmbedding(), gradient),
              off(GoldenFixtures.norm(byProxy), one.gradProxies(), gradient),
              off(byProxy[0], one.firstProxy(), gradient))
          .max()
          .getAsDouble();
    }
  }

  private static Tensor filled(Arena arena, DType type, double[] values, int columns) {
    Tensor tensor = arena.allocate(type, values.length / columns, columns);
    tensor.set(values);
    return tensor;
  }

  /** Error as a share of the tolerance; NaN counts as infinite. */
  private static double off(double actual, Double expected, double relative) {
    if (expected == null) {
      return 0;
    }
    double share = Math.abs(actual - expected) / (relative * Math.abs(expected));
    return Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
  }
}
