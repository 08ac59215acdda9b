package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Patience;
import io.vicinal.report.Chromium;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The report of {@code explain group} in a browser. Screenshots are left in target/report/. */
@Timeout(Patience.SECONDS)
class ExplainBrowserTest {
  private static final Path PICTURES = Path.of("target", "report");

  @TempDir private Path folder;

  @Test
  void opensClicksAndFitsAPhone() throws Exception {
    Optional<Path> browser = Chromium.find();
    Assumptions.assumeTrue(
        browser.isPresent(), "no Chromium on the path: install Debian's package chromium");
    ExplainFixture fixture = ExplainFixture.in(folder);
    String[] more = {"--groups", "3", "--damping", "10x", "--pixels", "8x8"};
    fixture.explained("group", more);
    Path file = fixture.at("out/report.html");
    Files.createDirectories(PICTURES);
    try (Chromium page = new Chromium(browser.get())) {
      page.open(file, 1280, 900, "light");
      page.screenshot(PICTURES.resolve("explain-light.png"), true);
      assertThat(page.text("document.querySelector('h1').textContent"))
          .startsWith("Removing image");
      assertThat(page.is("[...document.images].every(i => i.naturalWidth > 0)")).isTrue();
      assertThat(page.text("document.querySelector('.explained .badge').textContent"))
          .matches(".*(verified|stable).*");
      String shown = "document.querySelector('.explained b').textContent";
      String first = page.text(shown);
      page.click("[role=tab]:nth-child(2)");
      assertThat(page.text(shown)).isNotEqualTo(first).contains("confusions");
      double[] at = page.middle("#health svg.chart");
      page.move(at[0], at[1]);
      assertThat(page.text("document.querySelector('.tip').textContent")).contains("eigenvalue");
      page.open(file, 1280, 900, "dark");
      page.screenshot(PICTURES.resolve("explain-dark.png"), true);
      page.open(file, 360, 780, "light");
      page.screenshot(PICTURES.resolve("explain-phone.png"), true);
      assertThat(
              page.is(
                  "document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
          .as("no horizontal overflow")
          .isTrue();
      assertThat(page.text("document.querySelector('main').innerText"))
          .doesNotContain("undefined", "null", "NaN", "[object");
      assertThat(page.complaints()).isEmpty();
      assertThat(page.requests()).allMatch(file.toUri().toString()::equals);
    }
  }
}
