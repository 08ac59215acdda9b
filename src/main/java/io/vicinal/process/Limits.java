package io.vicinal.process;

import java.nio.file.Path;
import java.util.Locale;

/**
 * What this process may use, the tightest of what the machine has, its control groups (containers)
 * allow, its affinity ({@code taskset}) and {@code ulimit} leave. Everything that sizes itself asks
 * here, so {@code vicinal doctor} shows the numbers that are in use. Every question reads the
 * system anew, in about 0.1 ms. Safe for any thread.
 */
public final class Limits {
  private static final Limits PROCESS = new Limits(Path.of("/"));

  private final Path root;

  /**
   * @param root of the file system with {@code proc} and {@code sys}; another than {@code /} for
   *     tests
   */
  Limits(Path root) {
    this.root = root;
  }

  /** Those of this process. */
  public static Limits ofThisProcess() {
    return PROCESS;
  }

  /** Processors that this process may keep busy, 1 or more: the default number of threads. */
  public int processors() {
    double quota = Math.ceil(ControlGroups.of(root).processors());
    return (int) Math.max(1, Math.min(affinity(), quota));
  }

  /** The JVM knows affinity and most quotas; its -XX:ActiveProcessorCount is a wish to obey. */
  private int affinity() {
    int jvm = Runtime.getRuntime().availableProcessors();
    for (String line : ControlGroups.lines(root.resolve("proc/self/status"))) {
      if (line.startsWith("Cpus_allowed_list:")) {
        return Math.min(jvm, Math.max(1, count(line.substring(line.indexOf(':') + 1).strip())));
      }
    }
    return jvm;
  }

  /** Members of a list such as {@code 0-3,8}. */
  private static int count(String list) {
    int count = 0;
    for (String part : list.split(",")) {
      String[] ends = part.split("-");
      long first = ControlGroups.number(ends[0]);
      long last = ControlGroups.number(ends[ends.length - 1]);
      count += first < 0 || last < first ? 0 : (int) (last - first + 1);
    }
    return count;
  }

  /**
   * Memory of this process.
   *
   * @param limit bytes that it may hold at most
   * @param left bytes that it may still take before it is refused or killed; promised memory that
   *     was never touched counts as taken
   * @param boundBy what sets {@code left}, in words, with the remedy's name
   */
  public record MemoryLimit(long limit, long left, String boundBy) {
    private MemoryLimit tighter(long otherLimit, long otherLeft, String why) {
      long least = Math.min(limit, otherLimit);
      return otherLeft < left
          ? new MemoryLimit(least, Math.max(0, otherLeft), why)
          : new MemoryLimit(least, left, boundBy);
    }
  }

  /**
   * What this process may take.
   *
   * @param promised bytes outside the Java heap that were handed out, touched or not: what of them
   *     was never touched is not in use yet and will be
   */
  public MemoryLimit memory(long promised) {
    long total = Long.MAX_VALUE;
    long available = Long.MAX_VALUE;
    long swap = 0;
    for (String line : ControlGroups.lines(root.resolve("proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        total = kibibytes(line);
      } else if (line.startsWith("MemAvailable:")) {
        available = kibibytes(line);
      } else if (line.startsWith("SwapFree:")) {
        swap = Math.max(0, kibibytes(line));
      }
    }
    long resident = Long.MAX_VALUE;
    for (String line : ControlGroups.lines(root.resolve("proc/self/status"))) {
      if (line.startsWith("RssAnon:")) {
        resident = kibibytes(line);
      }
    }
    Runtime java = Runtime.getRuntime();
    long untouched = Math.max(0, promised + java.totalMemory() - java.freeMemory() - resident);
    ControlGroups.Room group = ControlGroups.of(root).memory();
    MemoryLimit memory =
        new MemoryLimit(total, less(plus(available, swap), untouched), "the machine's memory")
            .tighter(group.limit(), less(group.left(), untouched), "the container's memory limit");
    return addressSpace(memory);
  }

  /** Address space that {@code ulimit} leaves, touched or not; {@code Long.MAX_VALUE} for all. */
  public MemoryLimit addressSpace() {
    return addressSpace(new MemoryLimit(Long.MAX_VALUE, Long.MAX_VALUE, "no limit"));
  }

  private MemoryLimit addressSpace(MemoryLimit memory) {
    long virtual = 0;
    long data = 0;
    for (String line : ControlGroups.lines(root.resolve("proc/self/status"))) {
      if (line.startsWith("VmSize:")) {
        virtual = kibibytes(line);
      } else if (line.startsWith("VmData:")) {
        data = kibibytes(line);
      }
    }
    for (String line : ControlGroups.lines(root.resolve("proc/self/limits"))) {
      if (line.startsWith("Max address space")) {
        long limit = softLimit(line);
        memory = memory.tighter(limit, less(limit, virtual), "ulimit -v");
      } else if (line.startsWith("Max data size")) {
        long limit = softLimit(line);
        memory = memory.tighter(limit, less(limit, data), "ulimit -d");
      }
    }
    return memory;
  }

  private static long less(long limit, long used) {
    return limit == Long.MAX_VALUE ? limit : Math.max(0, limit - used);
  }

  private static long plus(long left, long more) {
    return left == Long.MAX_VALUE ? left : left + more;
  }

  /**
   * Threads and processes that may still start, as far as the system tells: the tightest of the
   * control groups; {@code Long.MAX_VALUE} without a limit. {@code ulimit -u} counts all processes
   * of the user and is only found out by trying.
   */
  public long threadsLeft() {
    return ControlGroups.of(root).threads().left();
  }

  /** What bounds the number of threads, in words for a message. */
  public String threadBounds() {
    StringBuilder text = new StringBuilder();
    long left = threadsLeft();
    if (left != Long.MAX_VALUE) {
      text.append("the container's limit of processes leaves ").append(left);
    }
    long user = softLimitOf("Max processes");
    if (user != Long.MAX_VALUE) {
      text.append(text.isEmpty() ? "" : ", ").append("ulimit -u is ").append(user);
    }
    return text.isEmpty() ? "no limit that this process can see" : text.toString();
  }

  /** A soft limit of {@code /proc/self/limits}, {@code Long.MAX_VALUE} for none. */
  public long softLimitOf(String name) {
    for (String line : ControlGroups.lines(root.resolve("proc/self/limits"))) {
      if (line.startsWith(name)) {
        return softLimit(line);
      }
    }
    return Long.MAX_VALUE;
  }

  /** "Max address space unlimited unlimited bytes": the first column after the name. */
  private static long softLimit(String line) {
    String[] columns = line.split(" {2,}");
    long value = columns.length > 1 ? ControlGroups.number(columns[1]) : -1;
    return value < 0 ? Long.MAX_VALUE : value;
  }

  /** "MemTotal: 123 kB" in bytes. */
  private static long kibibytes(String line) {
    String[] words = line.split("\\s+");
    return words.length > 1 ? ControlGroups.number(words[1]) * 1024 : 0;
  }

  /** Bytes in words: "1.5 GiB". */
  public static String text(long bytes) {
    double mib = bytes / (double) (1 << 20);
    if (bytes == Long.MAX_VALUE) {
      return "no limit";
    }
    return mib < 1024
        ? String.format(Locale.ROOT, "%.1f MiB", mib)
        : String.format(Locale.ROOT, "%.1f GiB", mib / 1024);
  }
}
