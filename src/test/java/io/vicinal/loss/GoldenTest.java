package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.kit.Golden;
import io.vicinal.kit.GoldenChecks;
import io.vicinal.tensor.DType;
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
    for (String file : Golden.FILES) {
      Golden golden = Golden.load(file);
      for (Golden.Case one : golden.cases()) {
        for (DType type : new DType[] {DType.F64, DType.F32}) {
          all.add(Arguments.of(file, one.loss(), one.params(), type, golden, one));
        }
      }
    }
    return all.build();
  }

  @ParameterizedTest(name = "{0} {1} {2} {3}")
  @MethodSource("cases")
  void valuesAndGradients(
      String file,
      String loss,
      Map<String, String> params,
      DType type,
      Golden golden,
      Golden.Case one) {
    assertThat(GoldenChecks.worst(backend, file, golden, one, type))
        .as("error as a share of what is allowed")
        .isLessThanOrEqualTo(1);
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
