package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a made-up checkout, where Java and Maven only say how they were called. */
@Timeout(Patience.SECONDS)
class LauncherTest {
  private static final String JAVA = "echo \"java charmap=$(locale charmap) args=$*\"\n";
  private static final String MAVEN =
      "echo maven >&2; echo built >>\"$PWD/target/maven-was-here\"\n";

  @TempDir private Path folder;

  private record Checkout(Path root, Path bin) {}

  private Checkout checkout(String name, boolean built) throws IOException {
    Path root = folder.resolve(name);
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.createDirectories(root.resolve("cmake"));
    Files.createDirectories(root.resolve("cuda"));
    Files.createDirectories(root.resolve("src/main"));
    Files.createDirectories(root.resolve("target"));
    for (String file : List.of("pom.xml", "CMakeLists.txt")) {
      Files.writeString(root.resolve(file), "");
    }
    Files.copy(Path.of("vicinal"), root.resolve("vicinal"));
    Files.copy(Path.of("cmake/build-lock.sh"), root.resolve("cmake/build-lock.sh"));
    script(root.resolve("vicinal"), null);
    script(bin.resolve("java"), JAVA);
    script(bin.resolve("javac"), "echo javac 17.0.1\n");
    script(bin.resolve("mvn"), MAVEN);
    for (String tool : List.of("g++", "cmake", "make", "apt-get")) {
      script(bin.resolve(tool), "exit 0\n");
    }
    if (built) {
      Path mark = Files.writeString(root.resolve("target/.built"), "");
      Files.setLastModifiedTime(mark, FileTime.fromMillis(System.currentTimeMillis() + 60_000));
    }
    return new Checkout(root, bin);
  }

  private static void script(Path file, String text) throws IOException {
    if (text != null) {
      Files.writeString(file, "#!/usr/bin/env bash\n" + text);
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Process start(
      Checkout checkout, Path launcher, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(folder.toFile());
    builder.environment().keySet().removeIf(n -> n.startsWith("LC_") || n.startsWith("LANG"));
    builder.environment().remove("JAVA_HOME");
    builder.environment().remove("VICINAL_BUILDING");
    builder.environment().put("PATH", checkout.bin + ":" + System.getenv("PATH"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  private Outcome run(Checkout checkout, Map<String, String> environment, String... args)
      throws Exception {
    Process process = start(checkout, checkout.root.resolve("vicinal"), environment, args);
    String output = new String(process.getInputStream().readAllBytes());
    return new Outcome(process.waitFor(), output, output);
  }

  @Test
  void namesAreUtf8WhateverTheLocale() throws Exception {
    Checkout checkout = checkout("tree", true);
    List<Map<String, String>> locales =
        List.of(Map.of(), Map.of("LC_ALL", "C"), Map.of("LANG", "xx_XX.UTF-8"));
    for (Map<String, String> locale : locales) {
      assertThat(run(checkout, locale, "list").out()).as("%s", locale).contains("charmap=UTF-8");
    }
  }

  @Test
  void foldersWithSpacesAndUmlautsAndLinksToThem() throws Exception {
    Checkout checkout = checkout("mit Leerzeichen und größe", true);
    Path link = Files.createSymbolicLink(folder.resolve("link"), checkout.root.resolve("vicinal"));
    Process process = start(checkout, link, Map.of("LC_ALL", "C.UTF-8"), "list", "a b");
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(output).contains("io.vicinal.cli.Main list a b", "größe/target/classes:");
  }

  @Test
  void jarsOfTheUsersOwnComeAlong() throws Exception {
    Checkout checkout = checkout("tree", true);
    assertThat(run(checkout, Map.of(), "list").out()).contains("/lib/* io.vicinal.cli.Main list");
    assertThat(run(checkout, Map.of("VICINAL_CLASSPATH", "a.jar:b.jar"), "list").out())
        .contains("/lib/*:a.jar:b.jar io.vicinal.cli.Main list");
  }

  @Test
  void aColonIsRefusedInOneSentence() throws Exception {
    Checkout checkout = checkout("a:b", true);
    Outcome outcome = run(checkout, Map.of(), "list");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out().lines()).singleElement().asString().contains("':'", "move");
  }

  @Test
  void fewOpenFilesAreOneSentence() throws Exception {
    Checkout checkout = checkout("tree", true);
    script(
        checkout.bin.resolve("few"),
        "ulimit -n 20; exec '" + checkout.root.resolve("vicinal") + "' list\n");
    Process process = start(checkout, checkout.bin.resolve("few"), Map.of());
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(output.lines()).singleElement().asString().contains("ulimit -n is 20", "raise it");
    assertThat(process.waitFor()).isEqualTo(1);
  }

  /** Killed, or without the memory to start: the machine's own JDK stays as it is. */
  @Test
  void aCompilerThatCannotStartIsNotInstalledAgain() throws Exception {
    Checkout checkout = checkout("tree", true);
    Path mark = folder.resolve("installed");
    script(
        checkout.bin.resolve("javac"),
        "echo 'Picked up _JAVA_OPTIONS: -Xmx9t'; echo 'no memory'; echo 'for the heap'; exit 1\n");
    script(checkout.bin.resolve("apt-get"), "touch '" + mark + "'\n");
    Outcome outcome = run(checkout, Map.of(), "list");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out().lines())
        .singleElement()
        .asString()
        .isEqualTo("vicinal: javac -version does not work here: no memory for the heap");
    assertThat(mark).doesNotExist();
  }

  @Test
  void helpOfTheLaunchersOwnCommandsStartsNothing() throws Exception {
    Checkout checkout = checkout("tree", false);
    for (String[] words :
        new String[][] {
          {"test", "--help"}, {"test", "-h"}, {"help", "test"},
          {"gpu-kit", "--help"}, {"gpu-kit", "-h"}, {"help", "gpu-kit"}
        }) {
      Outcome outcome = run(checkout, Map.of("COLUMNS", "60"), words);
      assertThat(outcome.code()).isZero();
      assertThat(outcome.out()).contains("Usage: vicinal", "Example:").doesNotContain("maven");
      assertThat(outcome.out().lines()).allSatisfy(l -> assertThat(l.length()).isLessThan(61));
    }
    assertThat(checkout.root.resolve("target/maven-was-here")).doesNotExist();
  }

  /** A stale build still explains its commands; running one builds first. */
  @Test
  void helpDoesNotBuildWhatIsOnlyStale() throws Exception {
    Checkout checkout = checkout("tree", true);
    Files.setLastModifiedTime(checkout.root.resolve("target/.built"), FileTime.fromMillis(0));
    assertThat(run(checkout, Map.of(), "train", "--help").out()).doesNotContain("maven");
    assertThat(checkout.root.resolve("target/maven-was-here")).doesNotExist();
    assertThat(run(checkout, Map.of(), "train").out()).contains("building");
    assertThat(checkout.root.resolve("target/maven-was-here")).exists();
  }

  /** This test is the other build: it holds the lock until the launcher has said that it waits. */
  @Test
  void twoBuildsWaitForEachOther() throws Exception {
    Checkout checkout = checkout("tree", false);
    Path maven = checkout.root.resolve("target/maven-was-here");
    Process holder = holder(checkout.root.resolve(".build-lock"));
    Process process = start(checkout, checkout.root.resolve("vicinal"), Map.of(), "list");
    var output = process.inputReader();
    assertThat(output.readLine()).contains("waiting for another build in this checkout");
    assertThat(maven).doesNotExist();
    holder.getOutputStream().close();
    assertThat(output.lines()).anyMatch(line -> line.contains("java charmap"));
    assertThat(process.waitFor()).isZero();
    assertThat(maven).exists();
  }

  /** A Maven that was started by hand waits, too, and keeps others waiting until it ends. */
  @Test
  void mavenWaitsForOtherBuilds() throws Exception {
    Path root = Files.createDirectories(folder.resolve("tree/cmake")).getParent();
    Files.copy(Path.of("pom.xml"), root.resolve("pom.xml"));
    Files.copy(Path.of("cmake/build-lock.sh"), root.resolve("cmake/build-lock.sh"));
    String lock = root.resolve(".build-lock").toString();
    Process holder = holder(root.resolve(".build-lock"));
    Process process = maven(root, "pre-clean", "exec:exec@lock"); // asks twice
    var output = process.inputReader();
    assertThat(output.readLine()).contains("waiting for another build in this checkout");
    holder.getOutputStream().close();
    output.lines().forEach(line -> {});
    assertThat(process.waitFor()).isZero();

    // The lock of a parent that is not Maven: this test's process holds it through its child, then
    // lets go.
    Process parent =
        new ProcessBuilder(
                "bash",
                "-c",
                ". cmake/build-lock.sh; build_lock_for $$ \"$PWD\"; build_lock_for $$ \"$PWD\"; echo; cat")
            .directory(root.toFile())
            .start();
    parent.inputReader().readLine();
    ProcessBuilder attempt = new ProcessBuilder("flock", "--nonblock", lock, "true");
    assertThat(attempt.start().waitFor()).isEqualTo(1);
    parent.getOutputStream().close();
    parent.waitFor();
    ProcessBuilder patient = new ProcessBuilder("flock", lock, "true");
    assertThat(patient.start().waitFor()).isZero();
  }

  /** Discovery of tests loads every class beside the tests: those of JMH lie elsewhere. */
  @Test
  void theBenchmarkHasAFolderOfItsOwn() throws Exception {
    String folderOf = "-Dexec.args=${project.build.testOutputDirectory}";
    String tests = answer(maven(Path.of(""), "exec:exec", "-Dexec.executable=echo", folderOf));
    String bench =
        answer(maven(Path.of(""), "exec:exec", "-Dexec.executable=echo", folderOf, "-Pbench"));
    assertThat(tests).contains("/target/test-classes");
    assertThat(bench).contains("/target/bench-classes");
  }

  private static String answer(Process process) throws Exception {
    String answer = new String(process.getInputStream().readAllBytes()).strip();
    assertThat(process.waitFor()).as(answer).isZero();
    return answer;
  }

  /** Maven without a network, on the libraries that built this. */
  private static Process maven(Path root, String... args) throws IOException {
    List<String> command = new ArrayList<>(List.of("mvn", "-o", "-q", "-B"));
    String libraries = System.getProperty("localRepository"); // surefire's
    if (libraries != null) {
      command.add("-Dmaven.repo.local=" + libraries);
    }
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(root.toAbsolutePath().toFile());
    builder.environment().remove("VICINAL_BUILDING");
    return builder.start();
  }

  /** The other build; it ends when its input does. */
  private static Process holder(Path lock) throws IOException {
    Process holder =
        new ProcessBuilder("flock", lock.toString(), "-c", "echo held; cat >/dev/null").start();
    assertThat(holder.inputReader().readLine()).isEqualTo("held");
    return holder;
  }
}
