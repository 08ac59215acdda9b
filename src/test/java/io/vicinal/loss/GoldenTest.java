package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.kit.Golden;
import io.vicinal.kit.GoldenFixtures;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses and gradients against the published and re-derived values of {@code golden/}. */
class GoldenTest {
  @AutoClose private static final Backend backend = Backend.cpu();

  static Stream<Arguments> cases() throws IOException {
    Stream.Builder<Arguments> all = Stream.builder();
    for (String name : Golden.FILES) {
      Golden golden = Golden.load(name);
      for (Golden.Case one : golden.cases()) {
        for (DType type : new DType[] {DType.F64, DType.F32}) {
          all.add(Arguments.of(name, one.loss(), one.params(), type, golden, one));
        }
      }
    }
    return all.build();
  }

  @ParameterizedTest(name = "{0} {1} {2} {3}")
  @MethodSource("cases")
  void valuesAndGradients(
      String fixtureName,
      String lossName,
      Map<String, String> params,
      DType type,
      Golden golden,
      Golden.Case expected) {
    Loss loss = Losses.create(lossName, params);
    GoldenFixtures.Fixture fixture = GoldenFixtures.named(fixtureName, lossName, loss.centers());
    if (expected.rows() > 0) {
      fixture = fixture.firstRows(expected.rows());
    }
    try (Arena arena = Arena.host()) {
      Tensor embeddings = rows(arena, type, fixture.embeddings(), fixture.d());
      Tensor proxies = rows(arena, type, fixture.proxies(), fixture.d());
      Tensor gradEmbeddings = arena.allocate(type, embeddings.shape());
      Tensor gradProxies = arena.allocate(type, proxies.shape());
      LossValue value =
          backend.loss(
              loss.spec(),
              fixture.classes(),
              embeddings,
              Targets.of(arena.of(fixture.labels(), fixture.labels().length)),
              proxies,
              null,
              gradEmbeddings,
              gradProxies);
      double[] byEmbedding = gradEmbeddings.toDoubles();
      double[] byProxy = gradProxies.toDoubles();
      near(value.loss(), expected.value(), golden.valueTolerance(expected, type));
      double gradient = golden.gradientTolerance(expected, type);
      near(GoldenFixtures.norm(byEmbedding), expected.gradEmbeddings(), gradient);
      near(byEmbedding[0], expected.firstEmbedding(), gradient);
      near(GoldenFixtures.norm(byProxy), expected.gradProxies(), gradient);
      near(byProxy[0], expected.firstProxy(), gradient);
    }
  }

  private static Tensor rows(Arena arena, DType type, double[] values, int columns) {
    return Filled.of(arena, type, values, values.length / columns, columns);
  }

  private static void near(double actual, Double expected, double relative) {
    if (expected != null) {
      assertThat(actual).isCloseTo(expected, within(relative * Math.abs(expected)));
    }
  }

  @Test
  void everyRegisteredLossHasAGoldenValue() throws IOException {
    Set<String> covered = new HashSet<>();
    for (String name : Golden.FILES) {
      Golden.load(name).cases().forEach(one -> covered.add(one.loss()));
    }
    assertThat(covered).containsExactlyInAnyOrderElementsOf(Losses.names());
  }
}
