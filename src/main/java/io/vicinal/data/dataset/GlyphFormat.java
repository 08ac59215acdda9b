package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import io.vicinal.loss.tuple.Standard;
import io.vicinal.process.FolderFiles;
import io.vicinal.sample.Xoshiro;
import java.awt.Font;
import java.awt.FontFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Letters of fonts: the classes are letters, fonts their variety. What is trained on Latin is
 * tested on alphabets that it never saw.
 *
 * @param size width and height of a picture
 * @param fonts how many font files are drawn from all, 0 for all
 * @param seed of that choice
 */
@DatasetFormat.Facts(
    name = "glyphs",
    layout =
        "a folder of .ttf, .otf and .ttc, such as /usr/share/fonts: A-Z and a-z are the train split,"
            + " lower-case Greek and Cyrillic the splits greek and cyrillic. Letters that a font lacks,"
            + " that are empty or look exactly like another are left out")
public record GlyphFormat(
    @Standard(value = "28", least = 8, most = 256) int size,
    @Standard(value = "0", least = 0) int fonts,
    @Standard("0") int seed)
    implements DatasetFormat {
  private static final Set<String> ENDINGS = Set.of("ttf", "otf", "ttc");

  private record Script(String name, String split, int[] letters) {}

  private static final List<Script> SCRIPTS =
      List.of(
          new Script(
              "latin",
              Dataset.TRAIN,
              IntStream.concat(IntStream.rangeClosed('A', 'Z'), IntStream.rangeClosed('a', 'z'))
                  .toArray()),
          new Script(
              "greek",
              "greek",
              IntStream.rangeClosed(0x3B1, 0x3C9).filter(c -> c != 0x3C2).toArray()), // no final s
          new Script("cyrillic", "cyrillic", IntStream.rangeClosed(0x430, 0x44F).toArray()));

  /** Why letters were left out. */
  private static final class Left {
    int files;
    int lacking;
    int empty;
    int alike;
  }

  @Override
  public boolean matches(Path path) {
    return Files.isDirectory(path)
        && FolderFiles.below(path, 3, FileVisitOption.FOLLOW_LINKS).stream()
            .anyMatch(GlyphFormat::isFont)
        && FolderFiles.below(path, 3, FileVisitOption.FOLLOW_LINKS).stream()
            .noneMatch(file -> ImageTree.isPicture(file.getFileName()));
  }

  private static boolean isFont(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1)) && Files.isRegularFile(file);
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    for (Script script : SCRIPTS) {
      IntStream.of(script.letters()).mapToObj(Character::toString).forEach(into::classOf);
    }
    GlyphPainter painter = new GlyphPainter(size);
    Left left = new Left();
    List<byte[]> pictures = new ArrayList<>();
    Map<Integer, Set<ByteBuffer>> known = new HashMap<>(); // pictures by letter
    List<String> files = chosen(path);
    Set<String> used = new TreeSet<>();
    for (String name : files) {
      Font[] faces = faces(path.resolve(name));
      left.files += faces.length == 0 ? 1 : 0;
      for (int face = 0; face < faces.length; face++) {
        String font = faces.length == 1 ? name : name + "#" + face;
        for (Script script : SCRIPTS) {
          Map<Integer, byte[]> drawn = drawn(painter, faces[face], script, left);
          for (Map.Entry<Integer, byte[]> letter : drawn.entrySet()) {
            Set<ByteBuffer> others = known.computeIfAbsent(letter.getKey(), c -> new HashSet<>());
            if (others.add(ByteBuffer.wrap(letter.getValue()))) {
              String text = Character.toString(letter.getKey());
              into.add(font + ":" + text, into.classOf(text), script.split());
              into.superClass(script.name());
              pictures.add(letter.getValue());
              used.add(font);
            } else {
              left.alike++;
            }
          }
        }
      }
    }
    into.pixels(new MemoryPixels(pictures.toArray(new byte[0][]), size, size));
    into.note(
        String.format(
            Locale.ROOT,
            "%,d of %,d fonts give letters; left out: %,d that their font lacks, %,d that are empty,"
                + " %,d that look exactly like another",
            used.size(),
            files.size(),
            left.lacking,
            left.empty,
            left.alike));
    if (left.files > 0) {
      into.note(
          left.files + (left.files == 1 ? " font file cannot" : " font files cannot") + " be read");
    }
  }

  /** The letters of a font that can be told apart, in their order. */
  private static Map<Integer, byte[]> drawn(
      GlyphPainter painter, Font font, Script script, Left left) {
    ByteBuffer none = painter.missing(font);
    Map<ByteBuffer, List<Integer>> byPicture = new HashMap<>();
    for (int letter : script.letters()) {
      if (!font.canDisplay(letter)) {
        left.lacking++;
        continue;
      }
      byte[] picture = painter.letter(font, letter);
      if (picture == null) {
        left.empty++;
      } else if (ByteBuffer.wrap(picture).equals(none)) {
        left.lacking++;
      } else {
        byPicture.computeIfAbsent(ByteBuffer.wrap(picture), p -> new ArrayList<>()).add(letter);
      }
    }
    Map<Integer, byte[]> drawn = new TreeMap<>();
    byPicture.forEach(
        (picture, letters) -> {
          if (letters.size() == 1) {
            drawn.put(letters.get(0), picture.array());
          } else {
            left.alike += letters.size(); // small capitals as lower case, I like l
          }
        });
    return drawn;
  }

  private List<String> chosen(Path path) {
    List<String> all =
        FolderFiles.below(path, Integer.MAX_VALUE, FileVisitOption.FOLLOW_LINKS).stream()
            .filter(GlyphFormat::isFont)
            .map(file -> path.relativize(file).toString())
            .sorted(TextColumn.BYTES)
            .toList();
    if (all.isEmpty()) {
      throw InputFile.problem(
          path,
          "has no .ttf, .otf or .ttc",
          "install some: apt-get install fonts-dejavu fonts-noto-core");
    }
    if (fonts == 0 || fonts >= all.size()) {
      return all;
    }
    long[] drawn = Xoshiro.of(seed, "glyphs").distinct(all.size(), fonts);
    return LongStream.of(drawn).sorted().mapToObj(i -> all.get((int) i)).toList();
  }

  private static Font[] faces(Path file) {
    try {
      return Font.createFonts(file.toFile());
    } catch (FontFormatException | IOException e) {
      return new Font[0];
    }
  }
}
