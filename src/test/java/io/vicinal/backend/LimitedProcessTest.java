package io.vicinal.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Processes whose threads do not start, or that have little memory. Root is exempt from ulimit -u,
 * nobody is from ulimit -v: with stacks of 2 GiB each, a native thread more does not fit.
 */
class LimitedProcessTest {
  /** Runs in the process: threads to ask for, and bytes to allocate. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      try (Backend backend =
              Backend.open(
                  "cpu", BackendOptions.defaults().withThreads(Integer.parseInt(args[0])));
          Arena arena = Arena.host()) {
        int n = 3000;
        Tensor x = arena.allocate(DType.F32, n, 64);
        float[] values = new float[n * 64];
        for (int i = 0; i < values.length; i++) {
          values[i] = i * 37 % 101;
        }
        x.set(values);
        Tensor weight = arena.of(java.util.Arrays.copyOf(values, 64 * 64), 64, 64);
        Tensor z = arena.allocate(DType.F32, n, 64);
        backend.embed(x, new HeadTensors(weight, null, null), z);
        // FAISS, with more threads than start.
        long near = Neighbours.search(z, z, 1, null, 64).ids()[7];
        System.out.println("threads " + backend.threads() + ", nearest of 7 is " + near);
        arena.allocate(DType.F32, Long.parseLong(args[1]) / 4);
        System.out.println("allocated");
      } catch (InputException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private record Ended(int code, String output) {}

  private static Ended run(String limits, String... args) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
    ProcessBuilder builder =
        new ProcessBuilder(
                "bash",
                "-c",
                limits
                    + " exec \""
                    + java
                    + "\" -Xmx64m -XX:+UseSerialGC -XX:CompressedClassSpaceSize=16m"
                    + " -XX:ReservedCodeCacheSize=32m -XX:TieredStopAtLevel=1"
                    + (cache == null ? "" : " \"-Dorg.bytedeco.javacpp.cachedir=" + cache + "\"")
                    + " -cp \"$CP\" '"
                    + Probe.class.getName()
                    + "' "
                    + String.join(" ", args))
            .redirectErrorStream(true);
    builder.environment().put("CP", System.getProperty("java.class.path"));
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .replaceAll("SLF4J[^\n]*\n|WARNING[^\n]*\n", "");
    return new Ended(process.waitFor(), output);
  }

  private static final String FEW_THREADS = "ulimit -s 2097152 && ulimit -v 5242880 &&";

  @Test
  void threadsThatCannotStartDoNotEndTheProcess() throws Exception {
    Ended ended = run(FEW_THREADS, "0", "4096");
    assertThat(ended.output()).contains("threads 1, nearest of 7 is 7", "allocated");
    assertThat(ended.code()).as(ended.output()).isZero();
  }

  @Test
  void anExplicitNumberThatCannotStartIsRefused() throws Exception {
    Ended ended = run(FEW_THREADS, "64", "4096");
    assertThat(ended.output().strip().lines())
        .singleElement()
        .asString()
        .contains("threads: 64 are wanted and 1 can start here", "give 1 or fewer");
    assertThat(ended.code()).isZero();
  }

  @Test
  void oneProcessorIsOneThread() throws Exception {
    Ended ended = run("taskset -cp 0 $$ >/dev/null;", "0", "4096");
    assertThat(ended.output()).contains("threads 1, nearest");
  }

  @Test
  void memoryBeyondTheLimitIsASentence() throws Exception {
    Ended ended = run("ulimit -v 5242880 &&", "1", Long.toString(8L << 30));
    assertThat(ended.output()).contains("8.0 GiB", "are needed", "ulimit -v leaves", "raise");
    assertThat(ended.output()).doesNotContain("allocated");
    assertThat(ended.code()).isZero();
  }

  /** Of Java 17; later ones know no such default. */
  @Test
  void aDefaultEncodingThatIsNotAsciiGarblesNoName() throws Exception {
    String options = "-Dfile.encoding=UTF-16 -Dsun.stdout.encoding=UTF-8";
    Ended ended = run("export JAVA_TOOL_OPTIONS='" + options + "';", "1", "4096");
    assertThat(ended.output()).contains("threads 1, nearest of 7 is 7", "allocated");
  }

  /** libgomp ends the process when a thread cannot have the stack that it was told. */
  @Test
  void aStackThatNoThreadCanHaveIsLeftOut() throws Exception {
    Ended ended = run("export OMP_STACKSIZE=9999999999k;", "2", "4096");
    assertThat(ended.output())
        .contains("OMP_STACKSIZE=9999999999k: no thread can have such a stack", "allocated");
    assertThat(ended.code()).isZero();
  }

  /** OpenBLAS ends the process when a buffer of 128 MiB cannot be mapped, loading or computing. */
  @Test
  void addressSpaceThatOpenBlasDoesNotFindIsASentence() throws Exception {
    for (int mebibytes : new int[] {600, 2100}) {
      Ended ended = run("ulimit -v " + mebibytes * 1024 + " &&", "8", "4096");
      assertThat(ended.output().strip().lines())
          .singleElement()
          .asString()
          .contains(
              mebibytes == 600
                  ? "native libraries: ulimit -v leaves"
                  : "OpenBLAS needs 1024 MiB of address space for 8 worker threads, and ulimit -v",
              "raise",
              "JAVA_TOOL_OPTIONS=-Xmx");
      assertThat(ended.code()).isZero();
    }
  }
}
