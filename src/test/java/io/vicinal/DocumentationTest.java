package io.vicinal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Pages are found: from README, from each other, from the sources. */
class DocumentationTest {
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s#]*)(?:#([^)\\s]+))?\\)");
  private static final Pattern PAGE = Pattern.compile("\\b(?:docs|bench)/[\\w/-]+\\.md");
  private static final String SOURCES = "(.*\\.(java|[ch]pp|h|cuh?|def|py|mjs|js))|run|make";

  private static List<Path> files(String name, String... folders) throws IOException {
    List<Path> found = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> all = Files.walk(Path.of(folder))) {
        all.filter(file -> file.getFileName().toString().matches(name)).forEach(found::add);
      }
    }
    return found;
  }

  private static Set<Path> pages() throws IOException {
    Set<Path> pages = new TreeSet<>(files(".*\\.md", "docs", "bench"));
    pages.addAll(List.of(Path.of("README.md"), Path.of("CONTRIBUTING.md")));
    return pages;
  }

  private static String prose(Path page) throws IOException {
    return Files.readString(page).replaceAll("(?s)```.*?```", "");
  }

  /** As GitHub names them. */
  private static Set<String> anchors(Path page) throws IOException {
    return prose(page)
        .lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase().replaceAll("[^\\w\\p{L} -]", ""))
        .map(line -> line.replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  @Test
  void everyLinkLeadsSomewhereAndEveryPageIsReachedFromReadme() throws IOException {
    Set<Path> pages = pages();
    Set<Path> reached = new TreeSet<>();
    Deque<Path> next = new ArrayDeque<>(List.of(Path.of("README.md")));
    while (!next.isEmpty()) {
      Path page = next.pop();
      if (!reached.add(page)) {
        continue;
      }
      for (MatchResult link : LINK.matcher(prose(page)).results().toList()) {
        String file = link.group(1);
        if (file.contains(":")) {
          continue;
        }
        Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        assertThat(target).as("%s: %s", page, link.group()).exists();
        if (link.group(2) != null) {
          assertThat(anchors(target)).as("%s: %s", page, link.group()).contains(link.group(2));
        }
        pages.stream()
            .filter(p -> p.equals(target) || target.equals(p.getParent()))
            .forEach(next::add);
      }
    }
    assertThat(reached).isEqualTo(pages);
  }

  @Test
  void pagesThatSourcesNameExist() throws IOException {
    Set<String> named = new TreeSet<>();
    for (Path source : files(SOURCES, "src", "cuda", "bench")) {
      PAGE.matcher(Files.readString(source)).results().map(MatchResult::group).forEach(named::add);
    }
    assertThat(named)
        .contains("docs/arithmetic.md")
        .allSatisfy(p -> assertThat(Path.of(p)).exists());
  }
}
