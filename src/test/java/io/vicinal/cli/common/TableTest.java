package io.vicinal.cli.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tables on the console. */
class TableTest {
  private static List<String> printed(Table table, int most) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    table.print(out, most);
    out.flush();
    return text.toString().lines().toList();
  }

  @Test
  void textsStandLeftAndNumbersRight() {
    Table table =
        new Table("class", "samples", "mostly found", "share")
            .row("3", "120", "dog", "7 %")
            .row("12", "9", "-", "12.5 %");
    assertThat(printed(table, 80))
        .containsExactly(
            "class  samples  mostly found   share",
            "-----  -------  ------------  ------",
            "    3      120  dog              7 %",
            "   12        9  -             12.5 %");
  }

  @Test
  void lettersAreAsWideAsATerminalShowsThem() {
    Table table = new Table("name", "n").row("\u72ac", "1").row("e\u0301t\u00e9", "2");
    assertThat(printed(table, 80).subList(2, 4))
        .containsExactly("\u72ac    1", "e\u0301t\u00e9   2");
  }

  @Test
  void whatIsTooWideLosesItsMiddleOrGoesOn() {
    Table table =
        new Table("sample", "score", "why")
            .row("photographs/2019/summer/IMG_0001.jpg", "0.5", "its neighbours are of class dog")
            .row("a.jpg", "12", "none")
            .withSentences();
    List<String> lines = printed(table, 52);
    assertThat(lines)
        .containsExactly(
            "sample           score  why",
            "---------------  -----  ----------------------------",
            "photogr…001.jpg    0.5  its neighbours are of class",
            "                        dog",
            "a.jpg               12  none");
    assertThat(printed(table, Integer.MAX_VALUE).get(2)).contains("summer/IMG_0001.jpg");
  }
}
