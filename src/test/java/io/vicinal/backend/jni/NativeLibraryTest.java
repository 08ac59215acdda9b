package io.vicinal.backend.jni;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  /** Its jar has an OpenMP runtime of its own, which must stay there. */
  @Test
  void oneDnnRunsOnTheOneOpenMpRuntime() throws IOException {
    NativeLibrary.loadOneDnn();
    assertThat(mapped("libdnnl")).hasSize(1);
    assertThat(mapped("libgomp", "libiomp", "libtbb")).hasSize(1);
  }

  /** A thread that spins for long starves the one that it waits for, when cores are busy. */
  @Test
  void limitsSpinningUnlessTheUserChose() throws Exception {
    assertThat(openMpEnvironment(Map.of())).contains("GOMP_SPINCOUNT = '1000'");
    assertThat(openMpEnvironment(Map.of("GOMP_SPINCOUNT", "77"))).contains("GOMP_SPINCOUNT = '77'");
    assertThat(openMpEnvironment(Map.of("OMP_WAIT_POLICY", "active")))
        .contains("OMP_WAIT_POLICY = 'ACTIVE'")
        .doesNotContain("GOMP_SPINCOUNT = '1000'");
  }

  /** What libgomp says about itself when a fresh process loads it. */
  private static String openMpEnvironment(Map<String, String> environment) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-cp",
            System.getProperty("java.class.path"),
            Loads.class.getName());
    builder.environment().keySet().removeIf(name -> name.matches("(OMP|GOMP)_.*"));
    builder.environment().put("OMP_DISPLAY_ENV", "VERBOSE");
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    try (InputStream output = process.getInputStream()) {
      return new String(output.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A process that loads the library and ends. */
  static final class Loads {
    private Loads() {}

    public static void main(String[] arguments) {
      NativeLibrary.load();
    }
  }

  /** A place that cannot take the libraries is not remembered: the next call may have another. */
  @Test
  void aFailureIsNotRemembered(@TempDir Path folder) throws Exception {
    String good = System.getProperty("org.bytedeco.javacpp.cachedir", folder + "/cache");
    Path file = Files.createFile(folder.resolve("file"));
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Duser.home=" + file,
                "-Djava.io.tmpdir=" + file,
                "-Dorg.bytedeco.javacpp.cachedir=" + file + "/cache",
                "-cp",
                System.getProperty("java.class.path"),
                LoadsLater.class.getName(),
                good)
            .redirectErrorStream(true)
            .start();
    try (InputStream output = process.getInputStream()) {
      assertThat(new String(output.readAllBytes(), StandardCharsets.UTF_8))
          .contains("native libraries: ", "name another folder with XDG_CACHE_HOME", "loaded");
    }
    assertThat(process.waitFor()).isZero();
  }

  /** A process whose first folder is none. */
  static final class LoadsLater {
    private LoadsLater() {}

    public static void main(String[] arguments) {
      try {
        NativeLibrary.load();
        System.out.println("at once");
      } catch (InputException e) {
        System.out.println(e.getMessage());
      }
      System.setProperty("org.bytedeco.javacpp.cachedir", arguments[0]);
      NativeLibrary.load();
      System.out.println("loaded, ABI " + Vicinal.vicinal_abi_version());
    }
  }

  private static Set<String> mapped(String... names) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> List.of(names).stream().anyMatch(line::contains))
        .map(line -> line.substring(line.indexOf('/')))
        .collect(Collectors.toSet());
  }
}
