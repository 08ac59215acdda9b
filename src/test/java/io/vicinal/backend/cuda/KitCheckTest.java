package io.vicinal.backend.cuda;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.kit.Check;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The GPU kit's check, on the device that the build names. */
@EnabledIfSystemProperty(named = "vicinal.test.device", matches = "cuda.*")
class KitCheckTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void everyOperationAgreesWithTheProcessor() {
    int failures = Check.run(print, "--largest", "10", "--rounds", "2", "--seed", "7");
    String said = bytes.toString(StandardCharsets.UTF_8);
    assertThat(failures).as(said).isZero();
    for (String operation :
        new String[] {
          "golden sine180 proxy-anchor",
          "loss soft-triple K=10 weighted F64",
          "loss hvp arcface weighted F32",
          "head gradient proxy-nca soft",
          "repeated step proxy-anchor",
          "curvature hvp proxy-anchor euclidean",
          "products GAUSS_NEWTON cosface",
          "scores proxy-anchor repeat-labels",
          "tables normalized-softmax",
          "seed recursion",
          "self influence",
          "loss change",
          "diagonal FISHER",
          "factors",
          "rank",
          "nearest",
          "close pairs",
          "adam F64",
          "bfloat16 loss hvp",
          "features on the host",
          "memory limit"
        }) {
      assertThat(said).contains("ok    " + operation);
    }
  }

  @Test
  void featuresThatTheDeviceHasNoRoomForStayOnTheHost() {
    String[] only = {"--only", "features on the host"};
    int failures = Check.run(print, "--largest", "120", "--rounds", "1", only[0], only[1]);
    assertThat(failures).as(bytes.toString(StandardCharsets.UTF_8)).isZero();
  }

  @Test
  void refusals() {
    refused(() -> Check.run(print, "--only", "no such operation"), "matches no operation");
    refused(() -> Check.run(print, "--rounds", "many"), "--rounds 'many'");
  }
}
