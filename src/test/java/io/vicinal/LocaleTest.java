package io.vicinal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Text never depends on the reader's language: whatever formats or changes case names a locale. */
class LocaleTest {
  private static final Pattern FORMATS =
      Pattern.compile(
          "(String\\.format|\\.printf|[ (]format|\\.toUpperCase|\\.toLowerCase|new Formatter)\\s*"
              + "\\((?!\\s*(java\\.util\\.)?Locale\\.ROOT)");
  private static final Pattern NEVER =
      Pattern.compile(
          "\\.formatted\\(|(Number|Decimal|Message)Format\\b|\\.ofPattern\\(\"[^\"]*\"\\)");

  private static List<String> found(String text) {
    List<String> found = new ArrayList<>();
    for (Pattern pattern : List.of(FORMATS, NEVER)) {
      for (Matcher m = pattern.matcher(text); m.find(); ) {
        found.add("line " + (1 + text.substring(0, m.start()).lines().count()) + ": " + m.group());
      }
    }
    return found;
  }

  @Test
  void everyFormatNamesItsLocale() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (String root : List.of("src/main/java", "bench")) {
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          found(Files.readString(file)).forEach(text -> wrong.add(file + ": " + text));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** Java sets the process's locale to the user's, and these ask it for the decimal point. */
  @Test
  void nativeCodeReadsNumbersInAnyLocale() throws IOException {
    Pattern asks = Pattern.compile("\\b(strto[df]|strtold|atof|stold|sto[df]|[fs]?scanf)\\b");
    List<String> wrong = new ArrayList<>();
    for (String root : List.of("src/main/cpp", "cuda")) {
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          asks.matcher(Files.readString(file))
              .results()
              .forEach(m -> wrong.add(file + ": " + m.group()));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void whatItLooksFor() {
    assertThat(found("out.printf(\"%d\", 1); s.toLowerCase(); \"%d\".formatted(1);")).hasSize(3);
    assertThat(found("String.format(\n    Locale.ROOT, \"%d\", 1); s.toUpperCase(Locale.ROOT)"))
        .isEmpty();
  }
}
