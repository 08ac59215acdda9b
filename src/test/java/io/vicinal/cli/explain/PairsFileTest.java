package io.vicinal.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.data.Names;
import io.vicinal.influence.query.Pair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pairs are read from the columns i and j; what is wrong is named by its line. */
class PairsFileTest {
  @TempDir private Path folder;

  @Test
  void otherColumnsOrderAndSpacesDoNotMatter() throws IOException {
    assertThat(
            PairsFile.read(
                file("\uFEFFname,j,i\r\n\"a, b\", 3 ,1\r\n\r\nx,0,2\r\n"), 4, Names.none()))
        .containsExactly(new Pair(1, 3), new Pair(2, 0));
  }

  @Test
  void aPairAndItsReverseAreTwo() throws IOException {
    assertThat(PairsFile.read(file("i,j\n5,26\n15,264\n26,5\n"), 300, Names.none())).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|line 1: has no columns i and j",
        "0,1;1,2|line 1: has no columns i and j",
        "i,j|has no pairs",
        "i,j;0,1;0|line 3: 1 cells where the header has 2",
        "i,j;0,1;0,1,2|line 3: 3 cells",
        "i,j;0,x|line 2: j 'x' is not a whole number",
        "i,j;0,1.0|line 2: j '1.0' is not a whole number",
        "i,j;0,1;;,1|line 4: i '' is not a whole number",
        "i,j;0,4|line 2: j 4 is not a test sample; they are 0..3",
        "i,j;-1,2|line 2: i -1 is not a test sample",
        "i,j;2,2|line 2: i and j are both 2",
        "i,j;0,1;2,3;0,1|line 4: pair 0,1 is on line 2 too"
      })
  void aBadRowIsNamed(String text, String said) throws IOException {
    Path file = file(text.replace(';', '\n'));
    assertThatThrownBy(() -> PairsFile.read(file, 4, Names.none()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(file + ": ")
        .hasMessageContaining(said);
  }

  @Test
  void aFileThatIsNoTextOrNotThereIsNamed() throws IOException {
    Path file = folder.resolve("pairs.csv");
    assertThatThrownBy(() -> PairsFile.read(file, 4, Names.none()))
        .hasMessageContaining("does not exist");
    Files.write(file, new byte[] {'i', ',', 'j', '\n', (byte) 0xff, (byte) 0xfe});
    assertThatThrownBy(() -> PairsFile.read(file, 4, Names.none())).hasMessageContaining("UTF-8");
    assertThatThrownBy(() -> PairsFile.read(folder, 4, Names.none()))
        .hasMessageContaining("is a folder");
  }

  private Path file(String text) throws IOException {
    Path file = folder.resolve("pairs.csv");
    return Files.write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
