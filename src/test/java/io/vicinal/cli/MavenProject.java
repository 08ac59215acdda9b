package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * A project that depends on this library, built by Maven as its author would, but offline: against
 * a local repository of its own that has this build and otherwise what the machine's has.
 */
final class MavenProject {
  private static final Path POM = Path.of("pom.xml");
  private static final String MARK = "/com/google/code/gson/gson/";

  private MavenProject() {}

  /**
   * Builds it.
   *
   * @param project its folder, with a {@code pom.xml}
   * @param repository a new folder
   * @return the jar
   */
  static Path build(Path project, Path repository) throws IOException, InterruptedException {
    install(repository);
    try {
      return made(project, repository);
    } finally {
      unlink(repository);
    }
  }

  private static Path made(Path project, Path repository) throws IOException, InterruptedException {
    Path log = project.resolve("build.log");
    if (mvn(project, repository, "package", log) != 0) {
      String text = Files.readString(log);
      // A first build of this library tests before it makes a jar: what makes one may be missing.
      assertThat(text).contains("offline mode", "maven-jar-plugin");
      assertThat(mvn(project, repository, "compile", log)).as(text).isZero();
      jar(project.resolve("target/made.jar"), project.resolve("target/classes"));
    }
    try (Stream<Path> made = Files.list(project.resolve("target"))) {
      return made.filter(file -> file.toString().endsWith(".jar")).findFirst().orElseThrow();
    }
  }

  /** The version of a plugin that this library's own build names. */
  static String plugin(String name) throws IOException {
    return Pattern.compile("<artifactId>" + name + "</artifactId>\\s*<version>([^<]+)</version>")
        .matcher(Files.readString(POM))
        .results()
        .findFirst()
        .orElseThrow()
        .group(1);
  }

  private static int mvn(Path project, Path repository, String phase, Path log)
      throws IOException, InterruptedException {
    ProcessBuilder maven =
        new ProcessBuilder(
                "mvn",
                "--batch-mode",
                "--offline",
                "-Dmaven.repo.local=" + repository,
                // where an artifact was downloaded from says nothing against it
                "-Daether.enhancedLocalRepository.trackingFilename=none",
                phase)
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
    maven.environment().remove("MAVEN_OPTS");
    Process process = maven.start();
    try {
      assertThat(process.waitFor(Patience.SECONDS, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Links to all that the machine's repository has, but for this library. */
  private static void install(Path repository) throws IOException {
    link(machines(), repository, "io");
    link(machines().resolve("io"), repository.resolve("io"), "vicinal");
    String version = version();
    Path own = Files.createDirectories(repository.resolve("io/vicinal/vicinal").resolve(version));
    Files.copy(POM, own.resolve("vicinal-" + version + ".pom"));
    jar(own.resolve("vicinal-" + version + ".jar"), Path.of("target/classes"));
  }

  private static String version() throws IOException {
    return Pattern.compile("<artifactId>vicinal</artifactId>\\s*<version>([^<]+)</version>")
        .matcher(Files.readString(POM))
        .results()
        .findFirst()
        .orElseThrow()
        .group(1);
  }

  private static void link(Path from, Path to, String except) throws IOException {
    Files.createDirectories(to);
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : entries.toList()) {
        if (!entry.getFileName().toString().equals(except)) {
          Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
        }
      }
    }
  }

  private static void unlink(Path folder) throws IOException {
    try (Stream<Path> entries = Files.walk(folder)) {
      for (Path entry : entries.filter(Files::isSymbolicLink).toList()) {
        Files.delete(entry);
      }
    }
  }

  /** Where the libraries of this test are. */
  private static Path machines() {
    String jar =
        List.of(System.getProperty("java.class.path").split(System.getProperty("path.separator")))
            .stream()
            .filter(entry -> entry.contains(MARK))
            .findFirst()
            .orElseThrow();
    return Path.of(jar.substring(0, jar.indexOf(MARK))).toAbsolutePath();
  }

  private static void jar(Path file, Path classes) {
    int code =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--create",
                "--no-compress",
                "--file",
                file.toString(),
                "-C",
                classes.toString(),
                ".");
    assertThat(code).isZero();
  }
}
