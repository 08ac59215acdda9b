package io.vicinal.backend.jni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {

  @Test
  void loadsTheVersionThatThisClassWasBuiltFor() {
    NativeLibrary.load();
    assertThat(Vicinal.vicinal_abi_version()).isEqualTo(Vicinal.VICINAL_ABI_VERSION);
  }

  /** Two OpenMP runtimes would be two spinning pools; two BLAS libraries would be a gamble. */
  @Test
  void mapsOneOpenMpRuntimeAndOneBlas() throws IOException {
    NativeLibrary.load();
    assertThat(mapped("libgomp")).hasSize(1);
    assertThat(mapped("libopenblas")).hasSize(1);
    assertThat(mapped("libblas.so", "libcblas", "libmkl")).isEmpty();
  }

  private static Set<String> mapped(String... names) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> List.of(names).stream().anyMatch(line::contains))
        .map(line -> line.substring(line.indexOf('/')))
        .collect(Collectors.toSet());
  }
}
