package io.vicinal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits as they stand in files of a made-up machine. */
class LimitsTest {
  private static final long MIB = 1L << 20;

  @TempDir private Path root;

  @BeforeEach
  void aMachineWithoutLimits() throws IOException {
    file("proc/self/status", "Cpus_allowed_list:\t0-63", "VmSize:\t 1024 kB", "RssAnon:\t4 kB");
    file("proc/meminfo", "MemTotal: 8388608 kB", "MemAvailable: 4194304 kB", "SwapFree: 0 kB");
    file(
        "proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     ",
        "Max file size             unlimited            unlimited            bytes     ",
        "Max processes             unlimited            unlimited            processes ",
        "Max address space         unlimited            unlimited            bytes     ");
  }

  private void file(String name, String... lines) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, String.join("\n", lines) + "\n");
  }

  private Limits limits() {
    return new Limits(root);
  }

  /** Nothing counts as promised and untouched. */
  private Limits.MemoryLimit memory() {
    return limits().memory(Long.MIN_VALUE / 2);
  }

  private void versionTwo(String group) throws IOException {
    file("proc/self/cgroup", "0::" + group);
    file("proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
  }

  @Test
  void withoutLimitsTheMachineDecides() {
    assertThat(limits().processors()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(memory().limit()).isEqualTo(8192 * MIB);
    assertThat(memory().left()).isEqualTo(4096 * MIB);
    assertThat(memory().boundBy()).contains("machine");
    assertThat(limits().threadsLeft()).isEqualTo(Long.MAX_VALUE);
    assertThat(limits().addressSpace().left()).isEqualTo(Long.MAX_VALUE);
    assertThat(limits().softLimitOf("Max file size")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void affinityIsCounted() throws IOException {
    file("proc/self/status", "Cpus_allowed_list:\t5");
    assertThat(limits().processors()).isEqualTo(1);
  }

  /** The group above has the quota, the container's own has none. */
  @Test
  void aQuotaOfAGroupAboveBinds() throws IOException {
    versionTwo("/pod/container");
    file("sys/fs/cgroup/pod/cpu.max", "50000 100000");
    file("sys/fs/cgroup/pod/container/cpu.max", "max 100000");
    assertThat(limits().processors()).isEqualTo(1);
    assertThat(ControlGroups.of(root).processors()).isEqualTo(0.5);
  }

  @Test
  void memoryOfVersionTwoLeavesOutPagesOfFiles() throws IOException {
    versionTwo("/box");
    file("sys/fs/cgroup/box/memory.max", Long.toString(512 * MIB));
    file("sys/fs/cgroup/box/memory.current", Long.toString(400 * MIB));
    file(
        "sys/fs/cgroup/box/memory.stat",
        "anon 1",
        "inactive_file " + 60 * MIB,
        "active_file " + 40 * MIB);
    file("sys/fs/cgroup/box/pids.max", "100");
    file("sys/fs/cgroup/box/pids.current", "88");
    assertThat(memory().limit()).isEqualTo(512 * MIB);
    assertThat(memory().left()).isEqualTo(212 * MIB);
    assertThat(memory().boundBy()).contains("container");
    assertThat(limits().threadsLeft()).isEqualTo(12);
    assertThat(limits().threadBounds()).contains("leaves 12");
  }

  /** As Docker mounts it: the group's path is the host's, and only its folder is mounted. */
  @Test
  void versionOneInAContainer() throws IOException {
    file("proc/self/cgroup", "5:memory:/docker/abc", "4:cpu,cpuacct:/docker/abc", "3:pids:/other");
    file(
        "proc/self/mountinfo",
        "31 30 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory",
        "32 30 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct");
    file("sys/fs/cgroup/memory/memory.limit_in_bytes", Long.toString(300 * MIB));
    file("sys/fs/cgroup/memory/memory.usage_in_bytes", Long.toString(100 * MIB));
    file("sys/fs/cgroup/memory/memory.stat", "total_inactive_file " + 50 * MIB);
    file("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000");
    file("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
    assertThat(memory().left()).isEqualTo(250 * MIB);
    assertThat(limits().processors()).isEqualTo(1);
  }

  @Test
  void versionOneWithoutLimits() throws IOException {
    file("proc/self/cgroup", "5:memory:/a", "4:cpu:/a");
    file(
        "proc/self/mountinfo",
        "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        "32 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu");
    file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712");
    file("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1");
    file("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000");
    assertThat(memory().left()).isEqualTo(4096 * MIB);
    assertThat(ControlGroups.of(root).processors()).isEqualTo(Double.MAX_VALUE);
  }

  @Test
  void addressSpaceBinds() throws IOException {
    file(
        "proc/self/limits",
        "Max address space         1073741824           unlimited            bytes     ",
        "Max processes             40                   unlimited            processes ");
    assertThat(memory().left()).isEqualTo(1024 * MIB - MIB);
    assertThat(memory().boundBy()).contains("ulimit -v");
    assertThat(limits().threadBounds()).contains("ulimit -u is 40");
    assertThat(limits().addressSpace()).isEqualTo(memoryOf(1023 * MIB, "ulimit -v"));
  }

  private static Limits.MemoryLimit memoryOf(long left, String boundBy) {
    return new Limits.MemoryLimit(1024 * MIB, left, boundBy);
  }

  /** Memory that was handed out and never touched is on no account yet. */
  @Test
  void promisesCount() {
    long before = limits().memory(0).left();
    assertThat(limits().memory(1024 * MIB).left()).isLessThanOrEqualTo(before - 900 * MIB);
  }

  @Test
  void thisProcessHasSome() {
    Limits.MemoryLimit memory = Limits.ofThisProcess().memory(0);
    assertThat(memory.left()).isPositive().isLessThanOrEqualTo(memory.limit());
    assertThat(Limits.ofThisProcess().processors()).isPositive();
  }
}
