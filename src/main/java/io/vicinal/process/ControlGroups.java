package io.vicinal.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The folders of this process's control groups, versions 1 and 2, from its own group up to the
 * topmost that is mounted: each of them may set a limit. Unreadable files count as no limit.
 * Immutable, safe for any thread.
 */
final class ControlGroups {
  private static final long NO_LIMIT = Long.MAX_VALUE >> 12; // version 1 writes 2^63 in pages

  private final Path root;
  private final Map<String, List<Path>> folders;

  private ControlGroups(Path root, Map<String, List<Path>> folders) {
    this.root = root;
    this.folders = folders;
  }

  /** A mounted hierarchy: what of it is mounted, and where. */
  private record Mount(Path part, Path at) {}

  /**
   * @param root of the file system, {@code /} but for tests
   */
  static ControlGroups of(Path root) {
    Map<String, Mount> mounts = mounts(root);
    Map<String, List<Path>> folders = new HashMap<>();
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      String[] fields = line.split(":", 3); // number, controllers, path
      if (fields.length == 3) {
        for (String controller : fields[1].split(",")) { // the empty name is version 2
          Mount mount = mounts.get(controller);
          if (mount != null) {
            folders.put(controller, upwards(root, mount, Path.of(fields[2])));
          }
        }
      }
    }
    return new ControlGroups(root, folders);
  }

  private static Map<String, Mount> mounts(Path root) {
    Map<String, Mount> mounts = new HashMap<>();
    for (String line : lines(root.resolve("proc/self/mountinfo"))) {
      String[] halves = line.split(" - ", 2);
      String[] left = halves[0].split(" ");
      String[] right = halves.length == 2 ? halves[1].split(" ") : new String[0];
      if (left.length < 5 || right.length < 3) {
        continue;
      }
      Mount mount = new Mount(Path.of(left[3]), Path.of(left[4]));
      if (right[0].equals("cgroup2")) {
        mounts.put("", mount);
      } else if (right[0].equals("cgroup")) {
        for (String option : right[2].split(",")) {
          mounts.put(option, mount);
        }
      }
    }
    return mounts;
  }

  /** From the group's folder to the mount point. Inside a container the path may be the host's. */
  private static List<Path> upwards(Path root, Mount mount, Path group) {
    Path inside =
        group.startsWith(mount.part)
            ? mount.part.relativize(group)
            : Path.of("/").relativize(group);
    Path top = root.resolve(Path.of("/").relativize(mount.at));
    Path folder = top.resolve(inside).normalize();
    List<Path> all = new ArrayList<>();
    while (folder != null && folder.startsWith(top)) {
      all.add(folder);
      folder = folder.getParent();
    }
    return all;
  }

  /** Processors that the quotas allow, {@code Double.MAX_VALUE} for all. */
  double processors() {
    double least = Double.MAX_VALUE;
    for (Path folder : folders.getOrDefault("", List.of())) {
      String[] fields = text(folder.resolve("cpu.max")).split(" ");
      if (fields.length == 2) {
        least = Math.min(least, share(number(fields[0]), number(fields[1])));
      }
    }
    for (Path folder : folders.getOrDefault("cpu", List.of())) {
      long quota = number(text(folder.resolve("cpu.cfs_quota_us")));
      long period = number(text(folder.resolve("cpu.cfs_period_us")));
      least = Math.min(least, share(quota, period));
    }
    return least;
  }

  private static double share(long quota, long period) {
    return quota <= 0 || period <= 0 || quota >= NO_LIMIT
        ? Double.MAX_VALUE
        : quota / (double) period;
  }

  /** A limit, and what of it is left. */
  record Room(long limit, long left) {
    static final Room ENDLESS = new Room(Long.MAX_VALUE, Long.MAX_VALUE);

    /** The tighter of both, for the limit and for what is left. */
    Room and(Room other) {
      return new Room(Math.min(limit, other.limit), Math.min(left, other.left));
    }
  }

  /** Memory; pages of files do not count as used, because the kernel takes them back. */
  Room memory() {
    Room room = Room.ENDLESS;
    for (Path folder : folders.getOrDefault("", List.of())) {
      room =
          room.and(
              memory(folder, "memory.max", "memory.current", "inactive_file ", "active_file "));
    }
    for (Path folder : folders.getOrDefault("memory", List.of())) {
      room =
          room.and(
              memory(
                  folder,
                  "memory.limit_in_bytes",
                  "memory.usage_in_bytes",
                  "total_inactive_file ",
                  "total_active_file "));
    }
    return room;
  }

  private static Room memory(
      Path folder, String limitFile, String usageFile, String inactive, String active) {
    long limit = limit(folder.resolve(limitFile));
    if (limit == Long.MAX_VALUE) {
      return Room.ENDLESS;
    }
    long used = Math.max(0, number(text(folder.resolve(usageFile))));
    for (String line : lines(folder.resolve("memory.stat"))) {
      if (line.startsWith(inactive) || line.startsWith(active)) {
        used -= number(line.substring(line.indexOf(' ') + 1));
      }
    }
    return new Room(limit, Math.max(0, limit - Math.max(0, used)));
  }

  /** Threads and processes. */
  Room threads() {
    Room room = Room.ENDLESS;
    for (String controller : List.of("", "pids")) {
      for (Path folder : folders.getOrDefault(controller, List.of())) {
        long limit = limit(folder.resolve("pids.max"));
        if (limit != Long.MAX_VALUE) {
          long used = Math.max(0, number(text(folder.resolve("pids.current"))));
          room = room.and(new Room(limit, Math.max(0, limit - used)));
        }
      }
    }
    return room;
  }

  private static long limit(Path file) {
    long value = number(text(file));
    return value < 0 || value >= NO_LIMIT ? Long.MAX_VALUE : value;
  }

  /** The number; -1 for "max", for nothing and for what is no number. */
  static long number(String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static String text(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? "" : lines.get(0).strip();
  }

  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException | RuntimeException e) {
      return List.of(); // another kernel, or a container that hides it
    }
  }

  @Override
  public String toString() {
    return root + ": " + folders;
  }
}
