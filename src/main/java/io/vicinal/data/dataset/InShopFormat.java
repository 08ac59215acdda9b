package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** DeepFashion: In-shop Clothes Retrieval. */
@DatasetFormat.Facts(
    name = "inshop",
    layout =
        "Eval/list_eval_partition.txt (or beside it: path, item_id, train, query or gallery), Img/...."
            + " Query and gallery are the test split's; super-classes are the folders of gender and"
            + " garment",
    source = "Liu et al., DeepFashion, CVPR 2016")
public record InShopFormat() implements DatasetFormat {
  private static final String LIST = "list_eval_partition.txt";

  private record Line(String at, String path, String item, int number, String status) {}

  @Override
  public boolean matches(Path path) {
    return Files.exists(path.resolve(LIST)) || Files.exists(path.resolve("Eval").resolve(LIST));
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    Path images = path.resolve("Img");
    into.root(Files.isDirectory(images) ? images : path);
    into.published(Dataset.TRAIN, 25_882);
    into.published("query", 14_218);
    into.published("gallery", 12_612);
    Path list = ListFile.find(path.resolve("Eval").resolve(LIST), path.resolve(LIST));
    List<Line> lines = lines(list, into);
    Set<String> trained = items(lines, true);
    Set<String> tested = items(lines, false);
    lines.stream()
        .sorted(
            Comparator.comparing((Line line) -> !trained.contains(line.item()))
                .thenComparing(Line::number))
        .forEach(line -> into.classOf(line.item()));
    long both = tested.stream().filter(trained::contains).count();
    if (both > 0) {
      into.note(list + ": " + both + " items are both trained on and tested, which are disjoint");
    }
    for (String status : List.of("train", "query", "gallery")) {
      for (Line line : lines) {
        if (line.status().equals(status) && into.listed(list, line.at(), line.path(), "")) {
          boolean train = status.equals("train");
          into.add(line.path(), into.classOf(line.item()), train ? Dataset.TRAIN : Dataset.TEST);
          into.superClass(above(line));
          if (!train) {
            into.flags(status.equals("query"), status.equals("gallery"));
          }
        }
      }
    }
  }

  private static Set<String> items(List<Line> lines, boolean train) {
    return lines.stream()
        .filter(line -> line.status().equals("train") == train)
        .map(Line::item)
        .collect(Collectors.toSet());
  }

  /** {@code img/WOMEN/Dresses/id_00000002/02_1_front.jpg} is of WOMEN/Dresses. */
  private static String above(Line line) {
    String path = line.path();
    int item = path.indexOf("/" + line.item());
    int start = path.startsWith("img/") ? "img/".length() : 0;
    return item < start ? "" : path.substring(start, item);
  }

  private static List<Line> lines(Path list, DatasetBuilder into) {
    List<Line> lines = new ArrayList<>();
    try (ListFile file = new ListFile(list)) {
      List<String> first = file.next(1);
      int count = first == null ? 0 : file.number(first.get(0).strip());
      file.next(1); // names of columns
      int rows = 0;
      for (List<String> row = file.next(3); row != null; row = file.next(3)) {
        rows++;
        String number = row.get(1).substring(row.get(1).lastIndexOf('_') + 1);
        String status = row.get(2).strip();
        if (!number.matches("[0-9]{1,9}")) {
          into.bad(list, file.at() + ": item '" + row.get(1) + "' ends in no number");
        } else if (!Set.of("train", "query", "gallery").contains(status)) {
          into.bad(list, file.at() + ": '" + status + "' is none of train, query, gallery");
        } else {
          lines.add(new Line(file.at(), row.get(0), row.get(1), Integer.parseInt(number), status));
        }
      }
      if (rows == 0) {
        throw InputFile.problem(list, "has no images", "unpack the list again");
      }
      if (rows != count) {
        into.note(list + ": its first line says " + count + " images, and " + rows + " follow");
      }
    }
    return lines;
  }
}
