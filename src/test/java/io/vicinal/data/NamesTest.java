package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NamesTest {
  @TempDir Path folder;

  private Path text(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void listsOfEveryKind() throws IOException {
    assertThat(Names.read(text("n.txt", "\uFEFFa, b\n \"c\" \r\nd\n\n")).list())
        .containsExactly("a, b", "\"c\"", "d");
    text("n.csv", "id,name\n0,\"two\nlines\"\n1,plain\n");
    assertThat(Names.read(folder.resolve("n.csv:name")).list())
        .containsExactly("two\nlines", "plain");
    assertThat(Names.read(Fixtures.file("labels-text.npy")).get(0)).isEqualTo("dog");
    assertThat(Names.read(text("one.csv", "only\n"), 1, "classes").list()).containsExactly("only");
  }

  @Test
  void whatIsNoListIsRefused() throws IOException {
    refused(() -> Names.read(Fixtures.file("f4.npy")), "f4.npy: holds no texts");
    assertThatThrownBy(() -> Names.read(text("none.txt", "\n"))).hasMessageContaining("no names");
    assertThatThrownBy(() -> Names.read(text("few.txt", "a\nb\n"), 3, "samples"))
        .hasMessageContaining("few.txt: 2 names for 3 samples; give one name for each")
        .hasMessageNotContaining("\n");
    assertThatThrownBy(() -> Names.read(text("many.txt", "a\nb\n"), 1, "samples"))
        .hasMessageContaining("many.txt: 2 names for 1 samples");
    text("t.csv", "id,name\n0,a\n");
    assertThatThrownBy(() -> Names.read(folder.resolve("t.csv")))
        .hasMessageContaining("has 2 columns; name one, such as t.csv:id");
  }

  @Test
  void oneLineOfAnyText() {
    Names names =
        Names.of(List.of("two\nlines\u2028x", "a\u202Eb", "same", "same", "", "n".repeat(500)));
    assertThat(names.classText(0)).isEqualTo("two lines x");
    assertThat(names.classText(1)).isEqualTo("a b"); // nothing turns the rest of the line around
    assertThat(names.classText(2)).isEqualTo("same (class 2)");
    assertThat(names.classText(3)).isEqualTo("same (class 3)");
    assertThat(names.classText(4)).isEqualTo("class 4");
    assertThat(names.classText(5)).hasSize(83).endsWith("...");
    assertThat(names.classText(6)).isEqualTo("class 6");
    assertThat(names.sampleText(0)).isEqualTo("0 (two lines x)");
    assertThat(names.sampleText(9)).isEqualTo("9");
    assertThat(names.get(0)).isEqualTo("two\nlines\u2028x");
    assertThat(Names.none().classText(3)).isEqualTo("class 3");
  }

  @Test
  void manyAndSome() {
    Names names = Names.of(IntStream.range(0, 10_000).mapToObj(i -> "n" + i).toList());
    assertThat(names.idOf("n9999")).isEqualTo(9999);
    assertThat(names.idOf("other")).isEqualTo(-1);
    assertThat(names.subset(7, 3).list()).containsExactly("n7", "n3");
    assertThat(Names.none().subset(7, 3).known()).isFalse();
  }
}
