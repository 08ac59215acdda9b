package io.vicinal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * Runs commands on mutated files in this process. Arguments: folder, seed, number of runs. Prints
 * {@code runs succeeded refused milliseconds}, the last of processor time, and ends with 0; after a
 * first violation it prints that and ends with 3. A violation is another exit code than 0 or 2,
 * other than one line on the error writer of a refusal, a class name or stack trace in it, or
 * results of a refused {@code explain}.
 */
final class FuzzMain {
  private static final Pattern CLASS = Pattern.compile("(Exception|Error)\\b|\\tat |\\bnull\\b");
  private static final long[] SIZES = {
    0,
    1,
    2,
    127,
    255,
    65535,
    1L << 31,
    (1L << 31) - 1,
    1L << 32,
    1L << 40,
    1L << 62,
    -1,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  /** One for all runs: building it costs more than most of them, and parsing resets it. */
  private final CommandLine commandLine = Main.commandLine();

  private final Random random;
  private final Fixture fixture;
  private final ExplainFuzz explain;
  private final List<Target> targets = new ArrayList<>();
  private final List<Target> explained = new ArrayList<>(); // dearer, so one in four
  private int succeeded;
  private int refused;

  /** A file to mutate and the command that reads it. */
  private record Target(Path file, byte[] good, Object[] command) {}

  private FuzzMain(Path folder, long seed) throws IOException {
    random = new Random(seed);
    fixture = Fixture.in(folder);
    explain = new ExplainFuzz(fixture);
    Object[] loss =
        fixture.loss(
            "normalized-softmax",
            "--weights",
            fixture.text("w.npy"),
            "--hvp-proxies",
            fixture.text("P.npy"),
            "--threads",
            "1");
    Object[] evaluate = fixture.evaluate("--threads", "1");
    Object[] embed = fixture.embed("--threads", "1");
    add("E.npy", loss);
    add("y.npy", loss);
    add("P.npy", loss);
    add("w.npy", loss);
    add("E.npy", evaluate);
    add("y.npy", evaluate);
    add("E.npy", fixture.evaluate("--threads", "1", "--method", "neighbours"));
    add("E.npy", embed);
    add("head.safetensors", embed);
    add("head.safetensors", embed);
    add("c.json", fixture.train("--dry-run", ""));
    add("E.npy", fixture.train("--dry-run", ""));
    for (ExplainFuzz.Case each : explain.cases()) {
      for (Path file : each.files()) {
        explained.add(new Target(file, Files.readAllBytes(file), each.command()));
      }
    }
  }

  private void add(String file, Object[] command) throws IOException {
    targets.add(new Target(fixture.at(file), Files.readAllBytes(fixture.at(file)), command));
  }

  /** Also the files of a finished run, mutated and resumed. */
  private void addCheckpoint() throws IOException {
    Outcome trained = Outcome.of(fixture.train());
    if (trained.code() != 0) {
      throw new IllegalStateException(trained.err());
    }
    try (var files = Files.walk(fixture.at("run"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.getFileName().toString().equals(".lock")) {
          Object[] resume = fixture.train("--resume", "");
          targets.add(new Target(file, Files.readAllBytes(file), resume));
        }
      }
    }
  }

  public static void main(String[] args) throws IOException {
    FuzzMain fuzz = new FuzzMain(Path.of(args[0]), Long.parseLong(args[1]));
    int runs = Integer.parseInt(args[2]);
    int onFiles = runs * 39 / 40; // a resumed run costs a hundred times what the others do
    for (int i = 0; i < runs; i++) {
      if (i == onFiles) {
        fuzz.targets.clear();
        fuzz.explained.clear();
        fuzz.addCheckpoint();
      }
      String violation = fuzz.once();
      if (violation != null) {
        System.out.println("run " + i + ": " + violation);
        System.exit(3);
      }
    }
    long cpu = ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis();
    System.out.println(runs + " " + fuzz.succeeded + " " + fuzz.refused + " " + cpu);
  }

  private String once() throws IOException {
    boolean explains = !explained.isEmpty() && random.nextInt(4) == 0;
    List<Target> some = explains ? explained : targets;
    Target target = some.get(random.nextInt(some.size()));
    boolean option = explains && random.nextInt(3) == 0;
    byte[] bytes = option ? target.good() : mutated(target.good());
    Object[] command = option ? ExplainFuzz.spoilt(target.command(), random) : target.command();
    Files.write(target.file(), bytes);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    String[] arguments = Arrays.stream(command).map(String::valueOf).toArray(String[]::new);
    int code = commandLine.execute(arguments);
    Files.write(target.file(), target.good());
    String said = err.toString();
    boolean fine =
        code == 0
            ? said.isEmpty()
            : code == 2
                && said.endsWith(System.lineSeparator())
                && said.strip().lines().count() == 1
                && !CLASS.matcher(said).find();
    if (explains) {
      String left = explain.leftBehind(code);
      fine &= left == null;
      said += left == null ? "" : left;
    }
    if (fine) {
      succeeded += code == 0 ? 1 : 0;
      refused += code == 0 ? 0 : 1;
      return null;
    }
    Path kept = target.file().resolveSibling("violation");
    Files.write(kept, bytes);
    return String.join(" ", arguments)
        + " with "
        + target.file().getFileName()
        + " as in "
        + kept
        + ": exit code "
        + code
        + ", said: "
        + said;
  }

  private byte[] mutated(byte[] good) {
    byte[] bytes = good.clone();
    int times = 1 + random.nextInt(3);
    for (int t = 0; t < times && bytes.length > 0; t++) {
      bytes = mutate(bytes);
    }
    return bytes;
  }

  private byte[] mutate(byte[] bytes) {
    int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(bytes.length, 140));
    switch (random.nextInt(8)) {
      case 0:
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        return bytes;
      case 1:
        bytes[at] = (byte) random.nextInt(256);
        return bytes;
      case 2:
        return Arrays.copyOf(bytes, at);
      case 3:
        return Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(200));
      case 4:
        if (bytes.length >= 8) {
          int from = Math.min(at, bytes.length - 8);
          long size = SIZES[random.nextInt(SIZES.length)];
          ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(from, size);
        }
        return bytes;
      case 5:
        return number(bytes);
      case 6:
        byte[] cut = new byte[bytes.length - 1];
        System.arraycopy(bytes, 0, cut, 0, at);
        System.arraycopy(bytes, at + 1, cut, at, cut.length - at);
        return cut;
      default:
        int from = random.nextInt(bytes.length);
        int count = Math.min(random.nextInt(16), bytes.length - Math.max(from, at));
        System.arraycopy(bytes.clone(), from, bytes, at, Math.max(0, count));
        return bytes;
    }
  }

  /** Replaces one decimal number of the text by a hostile one. */
  private byte[] number(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    var numbers = Pattern.compile("\\d+").matcher(text).results().toList();
    if (numbers.isEmpty()) {
      return bytes;
    }
    var number = numbers.get(random.nextInt(Math.min(numbers.size(), 12)));
    String value = Long.toString(SIZES[random.nextInt(SIZES.length)]);
    String spoilt = text.substring(0, number.start()) + value + text.substring(number.end());
    return spoilt.getBytes(StandardCharsets.ISO_8859_1);
  }
}
