package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.image.DatasetImages;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.ImagePacker;
import io.vicinal.data.image.ImageSource;
import io.vicinal.data.image.PackedForm;
import io.vicinal.data.image.PackedImages;
import io.vicinal.process.Limits;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal pack}: a folder of pictures as one file. */
@Command(
    name = "pack",
    sortOptions = false,
    header = "Put a folder of pictures into one file, which training reads instead.",
    description = {
      "",
      "Reads every .jpg, .jpeg, .png and .webp below the folder and decodes each once, so that what",
      "is packed can be read. The file has an index and checksums. With --pixels an epoch decodes",
      "nothing, and --shorter 256 makes pictures small first; with --shorter 256 --quality 90 those",
      "that are larger become small JPEG files, which loses a little. Killed or stopped, the same",
      "command goes on where it was.",
      "With --intact compares the checksums of a packed file.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal pack photos --out photos.pack",
      "  vicinal pack photos --out small.pack --pixels --shorter 256 --skip-bad",
      "  vicinal pack photos --out small.pack --shorter 256 --quality 90",
      "  vicinal pack --intact photos.pack"
    })
final class PackCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 256;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "Where the pictures are; or a dataset, such as a .csv with the column path.")
  private Path folder;

  @Option(names = "--out", paramLabel = "FILE.pack", description = "Written.")
  private Path out;

  @Option(
      names = "--pixels",
      description = "Pack pixels instead of files: three bytes each, nothing is lost.")
  private boolean pixels;

  @Option(
      names = "--shorter",
      paramLabel = "N",
      description = "With --pixels or --quality: resize pictures whose shorter side is longer.")
  private int shorter;

  @Option(
      names = "--quality",
      paramLabel = "Q",
      description = "With --shorter: what is resized becomes JPEG of this quality, 1 to 100; 90.")
  private int quality;

  @Option(
      names = "--skip-bad",
      description = "Leave out pictures that cannot be read, and say so; else they end the work.")
  private boolean skipBad;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that decode; default: all processors.")
  private int threads;

  @Option(names = "--intact", paramLabel = "FILE.pack", description = "Compare its checksums.")
  private Path intact;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    PrintWriter console = spec.commandLine().getOut();
    if ((intact == null) == (folder == null)) {
      throw new InputException("FOLDER, --intact: give one of them");
    }
    if (intact != null) {
      try (PackedImages packed = new PackedImages(intact)) {
        packed.compareAll();
        console.println(
            Text.say("%s: %s; every checksum is right", intact, contents(packed, packed.size())));
      }
      return 0;
    }
    if (out == null) {
      throw new InputException("--out: is missing; name the file to write");
    }
    if (threads < 0 || threads > MOST_THREADS) {
      throw new InputException("--threads: " + threads + " is not in 0.." + MOST_THREADS);
    }
    if (Files.exists(out) && !mayReplace()) {
      throw new InputException(
          out
              + ": is there already and is no packed file; name another --out, or give --overwrite");
    }
    pack(console);
    return 0;
  }

  private boolean mayReplace() {
    try {
      if (Files.isSameFile(out, folder)) {
        throw new InputException(out + ": is an input of this command; name another --out");
      }
    } catch (IOException e) {
      // one that cannot be looked at will not be read either
    }
    return outputs.overwrite() || PackedImages.isOne(out);
  }

  private void pack(PrintWriter console) {
    PackedForm form = new PackedForm(pixels, shorter, quality);
    ImageSource files = source();
    ImagePacker packer = new ImagePacker(files, out, form, skipBad);
    int workers = threads > 0 ? threads : Limits.ofThisProcess().processors();
    try (Bar bar = new Bar("pack")) {
      packer.run(workers, done -> bar.show(done, files.size(), "pictures"));
    }
    packer.bad().forEach(line -> spec.commandLine().getErr().println("left out: " + line));
    if (packer.resumed() > 0) {
      console.println(
          Text.say(
              "%s %s there from an earlier attempt",
              pictures(packer.resumed()), packer.resumed() == 1 ? "was" : "were"));
    }
    try (PackedImages packed = new PackedImages(out)) {
      console.println(Text.say("%s, %s: %s", contents(packed, packer.pictures()), bytes(), out));
    }
  }

  /** Any tree of pictures, whether it has classes or not; else what datasets there are. */
  private ImageSource source() {
    if (Files.isDirectory(folder) && Datasets.matching(folder).equals("folder")) {
      return ImageFiles.below(folder, skipBad);
    }
    Dataset data =
        Datasets.open(folder, Datasets.create(Datasets.matching(folder), Map.of()), skipBad);
    data.notes().forEach(note -> spec.commandLine().getErr().println("note: " + note));
    return new DatasetImages(data);
  }

  private static String contents(PackedImages packed, long count) {
    return pictures(count)
        + " "
        + packed.form()
        + (packed.countLeftOut() > 0 ? ", " + packed.countLeftOut() + " left out" : "");
  }

  private static String pictures(long count) {
    return Text.count(count, "picture", "pictures");
  }

  private String bytes() {
    try {
      return Limits.text(Files.size(out));
    } catch (IOException e) {
      throw new InputException(out + ": cannot be looked at (" + e.getMessage() + ")", e);
    }
  }
}
