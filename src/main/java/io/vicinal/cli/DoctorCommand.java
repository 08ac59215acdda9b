package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.cuda.CudaDevice;
import io.vicinal.data.FashionMnist;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.process.Limits;
import io.vicinal.tensor.HostMemory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vicinal doctor}: what this machine offers, and what is missing. */
@Command(
    name = "doctor",
    header = "Say which devices, libraries, threads and data are in use, and what is missing.",
    description = {
      "",
      "Loads every native library and reports what is really in use. Put its output into a report",
      "of a problem. Exit code 1 when the commands cannot work here; the last lines say why and",
      "what to do."
    },
    footer = {"", "Example:", "  vicinal doctor"},
    subcommands = DoctorDataCommand.class)
final class DoctorCommand implements Callable<Integer> {
  private static final Pattern OPENMP = Pattern.compile("lib(gomp|iomp5|omp)[-.][^/]*$");
  private static final Pattern BLAS =
      Pattern.compile("lib(openblas|blas|cblas|lapack|mkl_\\w+|blis|atlas)[-._0-9a-z]*\\.so[^/]*$");
  private static final double GIB = 1L << 30;
  private static final String UNUSABLE = "not usable";

  @Spec private CommandSpec spec;

  private final Set<String> missing = new LinkedHashSet<>(); // one reason may fail several lines
  private PrintWriter out;
  private boolean broken;

  @Override
  public Integer call() {
    out = spec.commandLine().getOut();
    line("vicinal", Version.text());
    line(
        "java",
        System.getProperty("java.version")
            + " ("
            + System.getProperty("java.vendor")
            + "), "
            + System.getProperty("java.home"));
    line(
        "system",
        distribution()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    line("processor", processor() + ", " + Limits.ofThisProcess().processors() + " in use");
    line("memory", memory());
    line("limits", limits());
    device();
    cuda();
    line("faiss", tried(FaissLibrary::version));
    line("openmp", mapped(OPENMP, "OpenMP runtimes", "Only one may be loaded"));
    line("blas files", mapped(BLAS, "BLAS libraries", "Only one may be loaded"));
    dataset();
    for (String sentence : missing) {
      line("missing", sentence);
    }
    if (missing.isEmpty()) {
      line("missing", "nothing");
    }
    return broken ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  /** A machine without a GPU misses nothing: the reason is a fact, not a fault. */
  private void cuda() {
    String refusal = tried(() -> Objects.requireNonNullElse(CudaDevice.refusal(), ""));
    if (!refusal.isEmpty()) {
      line("device cuda", refusal.equals(UNUSABLE) ? refusal : "none: " + refusal);
      return;
    }
    try (Backend backend = Backend.open("cuda", BackendOptions.defaults())) {
      line("device cuda", backend.isa() + ", " + backend.blas());
      line("cuda libraries", CudaDevice.libraries());
    } catch (InputException e) {
      line("device cuda", "not usable: " + e.getMessage());
    }
  }

  private void device() {
    try (Backend backend = Backend.cpu()) {
      line(
          "device cpu",
          "instruction set "
              + backend.isa()
              + ", "
              + backend.threads()
              + (backend.threads() == 1 ? " thread" : " threads"));
      line("blas", backend.blas());
    } catch (InputException e) {
      line("device cpu", UNUSABLE);
      missing.add(e.getMessage());
      broken = true;
    }
  }

  private String tried(Supplier<String> what) {
    try {
      return what.get();
    } catch (InputException e) {
      missing.add(e.getMessage());
      broken = true;
      return UNUSABLE;
    }
  }

  /** The files of this process's memory map whose names match, and a complaint about two. */
  private String mapped(Pattern name, String what, String rule) {
    Set<String> files = new TreeSet<>();
    for (String map : lines(Path.of("/proc/self/maps"))) {
      int path = map.indexOf('/');
      if (path >= 0 && name.matcher(map.substring(path)).find()) {
        files.add(map.substring(path));
      }
    }
    if (files.size() > 1) {
      missing.add(files.size() + " " + what + " are loaded; " + rule + ": unset LD_PRELOAD");
    }
    return files.isEmpty() ? "none loaded" : String.join(", ", files);
  }

  private void dataset() {
    Path folder = FashionMnist.FOLDER;
    if (Files.isReadable(folder.resolve("train-images-idx3-ubyte.gz"))) {
      line("dataset", "fashion-mnist in " + folder);
    } else {
      line("dataset", "none found");
      missing.add("fashion-mnist, which 'demo' needs; apt-get install dataset-fashion-mnist");
    }
  }

  private static String distribution() {
    for (String line : lines(Path.of("/etc/os-release"))) {
      if (line.startsWith("PRETTY_NAME=")) {
        return line.substring("PRETTY_NAME=".length()).replace("\"", "");
      }
    }
    return "unknown distribution";
  }

  private static String processor() {
    for (String line : lines(Path.of("/proc/cpuinfo"))) {
      if (line.startsWith("model name")) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return "unknown processor";
  }

  private static String memory() {
    String heap = gib(Runtime.getRuntime().maxMemory()) + " for Java objects";
    Limits.MemoryLimit memory = Limits.ofThisProcess().memory(HostMemory.liveBytes());
    return gib(memory.limit())
        + " in all, "
        + gib(memory.left())
        + " left by "
        + memory.boundBy()
        + ", "
        + heap;
  }

  private static String limits() {
    Limits limits = Limits.ofThisProcess();
    long files = limits.softLimitOf("Max open files");
    long size = limits.softLimitOf("Max file size");
    return "threads: "
        + limits.threadBounds()
        + "; open files: "
        + (files == Long.MAX_VALUE ? "no limit" : files)
        + "; a file's size: "
        + Limits.text(size);
  }

  private static String gib(long bytes) {
    return String.format(java.util.Locale.ROOT, "%.1f GiB", bytes / GIB);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  private void line(String what, String text) {
    out.printf(Locale.ROOT, "%-12s %s%n", what, text);
  }
}
