package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Version;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
  @Test
  void saysWhatIsInUse() {
    String out = Outcome.of("doctor").succeeded().out();
    assertThat(out)
        .contains(Version.text())
        .containsPattern("java +" + System.getProperty("java.version"))
        .containsPattern("device cpu +instruction set (base|avx2|avx512), \\d+ thread")
        .containsPattern("device cuda +none: ")
        .containsPattern("faiss +\\d+\\.\\d+\\.\\d+")
        .containsPattern("blas +OpenBLAS")
        .containsPattern("memory +[\\d.]+ GiB in all")
        .containsPattern("missing +");
  }

  @Test
  void findsOneOpenMpRuntimeAndOneBlas() {
    String out = Outcome.of("doctor").succeeded().out();
    assertThat(out).containsPattern("openmp +/\\S*libgomp\\S*\\R");
    assertThat(out).containsPattern("blas files +/\\S*libopenblas\\S*\\R");
    assertThat(out).doesNotContain("are loaded");
  }

  /** Where nothing can be loaded it is needed most: every line still comes, the reason once. */
  @Test
  void saysWhyTheNativeLibraryCannotBeLoaded(@TempDir Path folder) {
    String elsewhere = "-Dorg.bytedeco.javacpp.platform=linux-arm64";
    try (CliProcess process = CliProcess.start(folder, List.of(elsewhere), "doctor")) {
      Outcome outcome = process.await();
      assertThat(outcome.err()).isEmpty();
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.out())
          .containsPattern("device cpu +not usable")
          .containsPattern("device cuda +not usable")
          .containsPattern("faiss +not usable")
          .containsOnlyOnce("Vicinal's native library exists for Linux x86-64 only");
    }
  }
}
