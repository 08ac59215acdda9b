package io.vicinal.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.vicinal.Patience;
import io.vicinal.data.CsvReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A reader with a browser: opens the report from the disk, clicks, hovers and walks by keyboard.
 * Screenshots are left in target/report/.
 */
@Timeout(Patience.SECONDS)
class BrowserTest {
  private static final Path PICTURES = Path.of("target", "report");
  private static final String REVIEW = "report.sections.find(s => s.type === 'Review')";
  private static final String SELECTED =
      "document.querySelector('[role=tab][aria-selected=true] b')";

  @TempDir static Path folder;
  private static Path file;
  private static Chromium page;

  @BeforeAll
  static void start() throws Exception {
    Optional<Path> browser = Chromium.find();
    Assumptions.assumeTrue(
        browser.isPresent(), "no Chromium on the path: install Debian's package chromium");
    file = folder.resolve("report.html");
    HtmlReport.write(DigitsReport.build(), file);
    Files.createDirectories(PICTURES);
    Files.copy(
        file, PICTURES.resolve("report.html"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    page = new Chromium(browser.get());
  }

  @AfterAll
  static void stop() throws Exception {
    if (page != null) {
      page.close();
    }
  }

  @BeforeEach
  void forget() {
    page.complaints().clear();
  }

  @AfterEach
  void noErrorsAndNoRequests() throws Exception {
    assertThat(page.complaints()).as("script errors, console, log").isEmpty();
    assertThat(page.text("document.querySelector('nav').parentNode.innerText"))
        .as("what a reader sees")
        .doesNotContain("undefined", "null", "NaN", "[object");
    assertThat(page.requests()).as("requests").allMatch(file.toUri().toString()::equals);
  }

  private static void fitsItsWindow() throws Exception {
    assertThat(
            page.is("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
        .as("no horizontal overflow")
        .isTrue();
  }

  @Test
  void desktopShowsEverySection() throws Exception {
    page.open(file, 1280, 900, "light");
    page.screenshot(PICTURES.resolve("desktop-light.png"), true);
    fitsItsWindow();
    assertThat(page.evaluate("document.querySelectorAll('main section').length").getAsInt())
        .isEqualTo(10);
    assertThat(page.text("document.title")).startsWith("Handwritten digits");
    assertThat(
            page.is("[...document.querySelectorAll('svg.chart')].every(s => s.childElementCount)"))
        .as("charts are drawn")
        .isTrue();
    assertThat(page.is("[...document.images].every(i => i.naturalWidth > 0)")).isTrue();
    assertThat(page.is("[...document.images].every(i => i.alt)")).isTrue();
    assertThat(page.is("document.body.textContent.includes('onerror=alert(1)')"))
        .as("a hostile class name is text")
        .isTrue();
    assertThat(
            page.evaluate("document.querySelectorAll('img[src=x], main script').length").getAsInt())
        .isZero();
  }

  @Test
  void themeFollowsTheSystemAndTheToggle() throws Exception {
    page.open(file, 1280, 900, "dark");
    String paper = "getComputedStyle(document.body).backgroundColor";
    String dark = page.text(paper);
    page.screenshot(PICTURES.resolve("desktop-dark.png"), true);
    page.click(".theme");
    String light = page.text(paper);
    assertThat(light).isNotEqualTo(dark);
    page.open(file, 1280, 900, "light");
    assertThat(page.text(paper)).isEqualTo(light);
    page.click(".theme");
    assertThat(page.text(paper)).isEqualTo(dark);
  }

  @Test
  void confusionsByMouseAndKeyboard() throws Exception {
    page.open(file, 1280, 900, "light");
    String shown = "document.querySelector('.panel .duo figcaption b').textContent";
    String first = page.text(shown);
    page.click("[role=tab]:nth-child(3)");
    assertThat(page.text(shown)).isNotEqualTo(first);
    assertThat(page.text(SELECTED + ".textContent")).isEqualTo(page.text(shown));
    page.press("Home");
    assertThat(page.text(shown)).isEqualTo(first);
    page.press("ArrowDown");
    assertThat(page.text(shown)).isNotEqualTo(first);
    assertThat(page.text("document.activeElement.getAttribute('role')")).isEqualTo("tab");
    assertThat(page.evaluate("document.querySelectorAll('.panel .effects li').length").getAsInt())
        .isEqualTo(10);
    assertThat(page.text("document.querySelector('.panel .badge').textContent"))
        .contains("verified");
  }

  @Test
  void chartsReadOffTheirValues() throws Exception {
    page.open(file, 1280, 900, "light");
    double[] at = page.middle("#detection svg.chart");
    page.move(at[0], at[1]);
    assertThat(page.text("document.querySelector('.tip').textContent"))
        .contains("share of images inspected")
        .contains("frozen-feature kNN");
    page.click("#detection .legend button");
    at = page.middle("#detection svg.chart");
    page.move(at[0], at[1]);
    assertThat(page.text("document.querySelector('.tip').textContent"))
        .doesNotContain("frozen-feature kNN")
        .contains("random");
    assertThat(
            page.evaluate("document.querySelectorAll('#detection path.curve').length").getAsInt())
        .isEqualTo(2);
    page.evaluate("document.querySelector('#verification svg.chart').focus()");
    page.press("ArrowRight");
    assertThat(page.text("document.querySelector('.tip').textContent")).contains("without image 0");
    page.press("Escape");
    assertThat(page.is("document.querySelector('.tip').hidden")).isTrue();
  }

  @Test
  void proposalsCanBeFiltered() throws Exception {
    page.open(file, 1280, 900, "light");
    String cards = "document.querySelectorAll('#relabelling .card').length";
    assertThat(page.evaluate(cards).getAsInt()).isEqualTo(12);
    page.click("#relabelling .more");
    assertThat(page.evaluate(cards).getAsInt()).isEqualTo(24);
    page.click("#relabelling .choice button:nth-child(2)");
    page.click("#relabelling .more");
    int right = page.evaluate(cards).getAsInt();
    assertThat(right).isBetween(10, 23);
    assertThat(
            page.is(
                "[...document.querySelectorAll('#relabelling .card')].every(c => c.querySelector('.right'))"))
        .isTrue();
  }

  @Test
  void doubtedLabelsAreDecidedAPageAtATimeAndKept() throws Exception {
    page.open(file, 1280, 900, "light");
    page.evaluate("localStorage.clear()");
    page.open(file, 1280, 900, "light");
    String cards = "document.querySelectorAll('#review .card').length";
    assertThat(page.evaluate(cards).getAsInt()).as("left to a person first").isEqualTo(12);
    assertThat(page.is("document.querySelectorAll('#review s').length === 0")).isTrue();
    assertThat(
            page.is(
                "[...document.querySelectorAll('#relabelling .card')].every(c =>"
                    + " !!c.querySelector('s') !== c.textContent.includes('none of these'))"))
        .as("struck through is only what is taken away")
        .isTrue();
    assertThat(
            page.is("!draw.Detection.help({curves: null}) && !!draw.Detection.help({curves: {}})"))
        .as("a curve is spoken of where there is one")
        .isTrue();
    String bulk =
        "[...document.querySelectorAll('#review .pager button')].find(b =>"
            + " b.textContent.startsWith('Accept the'))";
    assertThat(page.is(bulk + ".hidden")).as("people decide one by one").isTrue();
    page.click("#review .choice button:nth-child(2)"); // to accept
    assertThat(page.is(bulk + ".hidden")).isFalse();
    assertThat(page.text(bulk + ".textContent")).isEqualTo("Accept the 24 undecided on this page");
    assertThat(page.text("document.querySelector('#review .card .odds').textContent"))
        .matches("\\d+\\.\\d\\u2009% digit \\d, present");
    String card = "#review .card:nth-child(%d)";
    page.click(card.formatted(1) + " .decisions button:nth-child(1)"); // accept
    page.click(card.formatted(2) + " .decisions button:nth-child(2)"); // keep
    String move = "document.querySelector('" + card + " .move').textContent";
    assertThat(page.text(move.formatted(1))).matches("digit \\d \u2192 digit \\d");
    assertThat(page.text(move.formatted(2))).matches("digit \\d \\(kept\\)");
    String choose =
        "(s => { s.value = '%s'; s.dispatchEvent(new Event('change')); })"
            + "(document.querySelector('#review .card:nth-child(%d) select'))";
    page.evaluate(choose.formatted("5", 3));
    assertThat(page.text(move.formatted(3))).matches("digit \\d \u2192 digit \\d");
    page.click(card.formatted(4) + " .decisions button:nth-child(1)");
    page.click(card.formatted(4) + " .decisions button:nth-child(1)"); // taken back
    page.evaluate(choose.formatted("5", 5));
    page.evaluate(choose.formatted("", 5)); // taken back
    assertThat(page.text(move.formatted(5))).as("a proposal again").endsWith("?");
    page.screenshot(PICTURES.resolve("review.png"), true);
    String state = "document.querySelector('#review [role=status]').textContent";
    assertThat(page.text(state)).isEqualTo("3 of 60 decided.");
    assertThat(page.text(bulk + ".textContent")).isEqualTo("Accept the 21 undecided on this page");
    page.click("#review .choice button:nth-child(4)"); // all
    assertThat(page.evaluate(cards).getAsInt()).isEqualTo(24);
    String where = "document.querySelector('#review .pager span').textContent";
    assertThat(page.text(where)).isEqualTo("1\u201324 of 60");
    page.click("#review .pager button:nth-of-type(2)"); // the next page
    assertThat(page.text(where)).isEqualTo("25\u201348 of 60");

    page.open(file, 1280, 900, "light");
    assertThat(page.text(state)).as("the browser kept them").isEqualTo("3 of 60 decided.");
    String kept = "decisionsOf('vicinal digits', " + REVIEW + ".suspects)";
    String[] csv = page.text("decisionsCsv(" + REVIEW + ", " + kept + ")").split("\n");
    assertThat(csv).hasSize(4);
    assertThat(csv[0])
        .isEqualTo(
            "sample,sample_name,label,proposed,new_label,decision,"
                + "label_name,proposed_name,new_label_name,made_for");
    String end = ",900 labels 0123456789ab";
    String lines = String.join("\n", csv);
    assertThat(lines)
        .containsPattern("(\\d+),\" image, \"\"\\1\"\" \",\\d,(\\d),\\2,accept,.+,.+" + end)
        .containsPattern("(\\d+),\" image, \"\"\\1\"\" \",(\\d),\\d,\\2,keep,.+,.+" + end)
        .containsPattern(",other,.+,.+,\"class \"\"\\d\"\"\"" + end);

    // What another report of the same key decided fits only where it is the same decision.
    String other = REVIEW + ".suspects.map(d => ({...d, proposed: '' + (1 + +d.proposed) % 10}))";
    assertThat(page.text("'' + decisionsOf('vicinal digits', " + other + ").count()"))
        .as("kept and other, not accepted")
        .isEqualTo("2");

    // Another report of the same labels that doubts fewer of them leaves the others' decisions.
    page.evaluate("decisionsOf('vicinal digits', " + REVIEW + ".suspects.slice(0, 1)).clear()");
    assertThat(page.text("'' + " + kept + ".count()")).isNotEqualTo("0");

    // The file is there as long as the browser may need to read it.
    page.evaluate(
        "window.freed = 0; URL.revokeObjectURL = () => freed++;"
            + " HTMLAnchorElement.prototype.click = () => {}");
    page.click("#review .primary");
    assertThat(page.text("'' + freed")).isEqualTo("0");
  }

  /** Two pages of one review are open, and neither loses what the other decides. */
  @Test
  void pagesOfOneReviewShareTheirDecisions() throws Exception {
    page.open(file, 1280, 900, "light");
    page.evaluate("localStorage.clear()");
    page.open(file, 1280, 900, "light");
    String state = "document.querySelector('#review [role=status]').textContent";
    page.evaluate(
        "window.other = decisionsOf('vicinal digits', REVIEW.suspects);".replace("REVIEW", REVIEW)
            + " [window.a, window.b] = REVIEW.suspects.map(d => d.position)"
                .replace("REVIEW", REVIEW));
    page.evaluate("other.set(a, {decision: 'other', label: '1'})");
    page.click("#review .card:nth-child(1) .decisions button:nth-child(2)"); // keep
    assertThat(page.text(state)).as("written beside the other's").isEqualTo("2 of 60 decided.");
    assertThat(page.text("other.get(a).label")).isEqualTo("1");
    // A frame is another window, of which this one is told as of another tab.
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('iframe'), {srcdoc: ''}))");
    page.await("!!document.querySelector('iframe').contentDocument?.body");
    page.evaluate("frames[0].localStorage.clear()");
    page.await(state + " === '0 of 60 decided.'");
    page.evaluate("document.querySelector('iframe').remove()");
  }

  @Test
  void whatIsNoDecisionIsNone() throws Exception {
    page.open(file, 1280, 900, "light");
    String state = "document.querySelector('#review [role=status]').textContent";
    String position = page.text("'' + " + REVIEW + ".suspects[0].position");
    for (String stored :
        List.of(
            "null",
            "7",
            "[null]",
            "\"text",
            "{\"" + position + "\": null}",
            "{\"" + position + "\": {\"decision\": \"constructor\", \"label\": \"1\"}}")) {
      page.evaluate("localStorage.setItem('vicinal digits', " + new Gson().toJson(stored) + ")");
      page.open(file, 1280, 900, "light");
      assertThat(page.text(state)).as(stored).isEqualTo("0 of 60 decided.");
      page.click("#review .card:nth-child(1) .decisions button:nth-child(2)");
      assertThat(page.text(state)).as(stored).isEqualTo("1 of 60 decided.");
    }
    page.evaluate("localStorage.clear()");
  }

  /** Names come out of the page's file as they went in. */
  @Test
  void anyNameIsACellOfTheDecisions() throws Exception {
    page.open(file, 1280, 900, "light");
    List<String> names = new ArrayList<>(List.of("", "nan", "007", "1e5", "=A1", " cat", "dog "));
    Random random = new Random(7);
    List<String> parts =
        List.of(
            "a",
            ",",
            ";",
            "\t",
            "\"",
            "\r",
            "\n",
            " ",
            "\u00a0",
            "\u2003",
            "\u2028",
            "\u001f",
            "\ufeff",
            "ü",
            "u\u0308",
            "\ud83d\udc08",
            "'");
    for (int i = 0; i < 500; i++) {
      names.add(
          random
              .ints(random.nextInt(6), 0, parts.size())
              .mapToObj(parts::get)
              .collect(Collectors.joining()));
    }
    String text =
        page.text(
            "(names => decisionsCsv({madeFor: 'x', classes: names.map((n, i) => ({label: '' + i,"
                + " name: n, text: n})), suspects: names.map((n, i) => ({position: i, name: n,"
                + " label: '' + i, proposed: '' + i}))}, {get: i => ({decision: 'keep', label: '' +"
                + " i})}))("
                + new Gson().toJson(names)
                + ")");
    Path csv = folder.resolve("decisions.csv");
    Files.writeString(csv, text);
    List<String> read = new ArrayList<>();
    try (CsvReader in = new CsvReader(csv, false)) {
      List<String> header = in.next();
      for (List<String> row = in.next(); row != null; row = in.next()) {
        for (String column : List.of("sample_name", "label_name", "new_label_name")) {
          assertThat(row.get(header.indexOf(column))).isEqualTo(names.get(read.size()));
        }
        read.add(row.get(1));
      }
    }
    assertThat(read).isEqualTo(names);
  }

  @Test
  void mapShowsTheImageOfAPoint() throws Exception {
    page.open(file, 1280, 900, "light");
    hoverUntilAnImageShows();
    assertThat(page.text("document.querySelector('.tip-title').textContent")).startsWith("image ");
    page.screenshot(PICTURES.resolve("map-hover.png"), false);
    page.click("#embeddingmap .choice button:nth-child(2)");
    page.await("document.querySelector('#embeddingmap .note').textContent.includes('variance')");
    page.await("document.querySelector('#embeddingmap canvas').ariaBusy === 'false'"); // dots moved
    page.evaluate("document.querySelector('canvas').focus()");
    page.press("ArrowRight");
    page.evaluate("window.first = document.querySelector('.tip-title').textContent");
    page.press("ArrowRight");
    page.await("document.querySelector('.tip-title').textContent !== window.first");
    page.click("#embeddingmap button[aria-label=\"Zoom in\"]");
    page.await("document.querySelector('#embeddingmap canvas').ariaBusy === 'false'");
    page.click("#embeddingmap .legend button:nth-child(4)");
    page.await("document.querySelector('#embeddingmap .legend [aria-pressed=true]') !== null");
    assertThat(
            page.text(
                "document.querySelector('#embeddingmap .legend [aria-pressed=true]').textContent"))
        .isEqualTo("digit 3");
  }

  private static void hoverUntilAnImageShows() throws Exception {
    double[] at = page.middle("canvas");
    for (int step = 0; step < 400; step++) { // the page may answer later than the pointer moves
      page.move(at[0] - 200 + 10 * (step % 40), at[1] - 60 + 3 * (step % 40));
      if (page.is(
          "!document.querySelector('.tip').hidden && !!document.querySelector('.tip img')")) {
        return;
      }
    }
    throw new AssertionError("no point of the map showed its image");
  }

  @Test
  void paperShowsWhatTheScreenFoldsAway() throws Exception {
    page.open(file, 1280, 900, "light");
    String tabs = "document.querySelectorAll('#confusions [role=tab]').length";
    String printed = "document.querySelectorAll('#confusions .paper article').length";
    assertThat(page.is("document.querySelectorAll('.more').length > 0")).isTrue();
    page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assertThat(page.is(printed + " === " + tabs)).isTrue();
    assertThat(page.is("document.querySelectorAll('.more').length === 0")).isTrue();
    assertThat(page.evaluate("document.querySelectorAll('#relabelling .card').length").getAsInt())
        .isEqualTo(24);
    String suspects = "report.sections.find(s => s.type === 'Review').suspects.length";
    String cards = "document.querySelectorAll('#review .card').length";
    assertThat(page.is(cards + " === " + suspects)).isTrue();
    page.evaluate("dispatchEvent(new Event('afterprint'))");
    assertThat(page.is(printed + " === 0")).isTrue();
    assertThat(page.is(cards + " < " + suspects)).isTrue();
  }

  @Test
  void numbersAreSetAsPeopleReadThem() throws Exception {
    page.open(file, 1280, 900, "light");
    assertThat(page.text("set('from -0.5 to (-2) at 1.2e-05 of 50 %, sku-17 --damping 3x')"))
        .isEqualTo(
            "from \u22120.5 to (\u22122) at 1.2\u2009\u00d7\u200910\u207b\u2075 of 50\u202f%,"
                + " sku-17 --damping 3x");
    assertThat(page.text("number(-0.0000032)"))
        .isEqualTo("\u22123.2\u2009\u00d7\u200910\u207b\u2076");
    assertThat(page.text("signed(-0.012)")).isEqualTo("\u22120.0120");
    assertThat(page.text("h('b', null, 'all-round big_catalogue/IMG_0001-front.png').innerHTML"))
        .as("long names break behind their signs")
        .isEqualTo("all-<wbr>round big_<wbr>catalogue/<wbr>IMG_<wbr>0001-<wbr>front.png");
    String table = "retrievalTable({stages: ['a', 'b'], against: [null, 0], rows: [{name: 'r', ";
    assertThat(page.text(table + "values: [0.5, 0.5001]}]}).querySelector('td small').textContent"))
        .as("no arrow where nothing changed")
        .isEqualTo("0.0");
    assertThat(page.text("document.querySelector('main').innerText"))
        .doesNotContainPattern("\\d[eE][+-]?\\d")
        .doesNotContainPattern("(?<![\\w-])-\\d");
  }

  @Test
  void wideTablesSayThatTheyScroll() throws Exception {
    page.open(file, 360, 780, "light");
    page.await("!document.querySelector('#worstclasses .hint').hidden");
    page.evaluate("document.querySelector('#worstclasses .scroll').scrollLeft = 9999");
    page.await("document.querySelector('#worstclasses .hint').hidden");
    page.open(file, 1280, 900, "light");
    page.await("document.querySelector('#worstclasses .hint').hidden");
    assertThat(
            page.is(
                "[...document.querySelectorAll('td.num')].every(c => getComputedStyle(c).whiteSpace"
                    + " === 'nowrap')"))
        .isTrue();
  }

  @Test
  void barsStandBesideTheirNames() throws Exception {
    page.open(file, 1280, 900, "light");
    page.evaluate(
        "document.querySelector('#health').append(drawn({title: 'T', x: '', y: 'unit', names: ['a',"
            + " 'b'], series: [{name: 's', x: [1, 2], y: [1, 0.25]}]}))");
    assertThat(page.text("document.querySelector('.bars').innerText")).contains("a", "b", "0.250");
    assertThat(
            page.text(
                "[...document.querySelectorAll('.bars .bar')].map(b =>"
                    + " b.style.getPropertyValue('--part')).join()"))
        .isEqualTo("1,0.25");
  }

  @Test
  void phoneFitsAndAnswersToTouch() throws Exception {
    page.open(file, 360, 780, "light");
    page.screenshot(PICTURES.resolve("phone-light.png"), true);
    fitsItsWindow();
    JsonObject widest =
        page.evaluate(
                "(() => { let worst = {w: 0, e: ''}; for (const e of document.querySelectorAll('main button, nav button'))"
                    + " { const r = e.getBoundingClientRect(); if (r.height < 24 && r.height > 0) worst = {w: r.height, e: e.outerHTML}; }"
                    + " return worst; })()")
            .getAsJsonObject();
    assertThat(widest.get("w").getAsDouble()).as("too small to touch: " + widest).isZero();
    page.click("[role=tab]:nth-child(2)");
    fitsItsWindow();
    double[] at = page.middle("canvas");
    boolean shown = false;
    for (int step = 0; step < 20 && !shown; step++) {
      page.tap(at[0] - 80 + 8 * step, at[1] - 40 + 5 * step);
      shown = page.is("!!document.querySelector('.tip:not([hidden]) img')");
    }
    assertThat(shown).as("a tap shows an image").isTrue();
    fitsItsWindow();
    page.open(file, 360, 780, "dark");
    page.screenshot(PICTURES.resolve("phone-dark.png"), true);
    fitsItsWindow();
  }
}
