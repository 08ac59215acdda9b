package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Version;
import org.junit.jupiter.api.Test;

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
}
