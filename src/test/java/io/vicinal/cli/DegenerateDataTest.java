package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every command on every {@link DegenerateData} ends in a result without a number that is none, or
 * in one line that names the data.
 */
class DegenerateDataTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void everyCommandEndsInAResultOrASentence(DegenerateData data) {
    data.write(folder);
    List<String> wrong = new ArrayList<>();
    commands()
        .forEach(
            (name, arguments) -> {
              Outcome outcome = Outcome.of(arguments);
              String fault = fault(outcome);
              if (fault == null && outcome.code() == 0) {
                fault = writtenNonsense(folder.resolve(name));
              }
              if (fault != null) {
                wrong.add(name + ": " + fault);
              }
            });
    assertThat(wrong).isEmpty();
  }

  private Map<String, Object[]> commands() {
    Map<String, Object[]> all = new LinkedHashMap<>();
    all.put("train", arguments("train", "--config", "c.json", "--run", "train"));
    all.put(
        "train-on-all",
        arguments(
            "train",
            "--config",
            "c.json",
            "--set",
            "validation.fraction=0",
            "--run",
            "train-on-all"));
    all.put(
        "embed",
        arguments("embed", "--features", "X.npy", "--head", "head.safetensors", "--out", "Z.npy"));
    all.put(
        "evaluate",
        arguments(
            "evaluate",
            "--embeddings",
            "X.npy",
            "--labels",
            "y.npy",
            "--metrics",
            "r@1,rp,map@r,nmi",
            "--out",
            "evaluate.json"));
    for (String loss : List.of("proxy-anchor", "normalized-softmax")) {
      all.put(
          "loss-" + loss,
          arguments(
              "loss",
              loss,
              "--embeddings",
              "X.npy",
              "--labels",
              "y.npy",
              "--proxies",
              "P.npy",
              "--out",
              "loss-" + loss));
    }
    for (String command : List.of("mislabel", "relabel")) {
      all.put(command + "-arrays", onArrays(command, command + "-arrays", "--set", "epochs=2"));
      all.put(command, explain(command));
    }
    all.put("study", explain("study"));
    all.put("confusions", explain("confusions"));
    all.put("pair", explain("pair", "--pairs", "pairs.csv", "--check", "0"));
    all.put("group", explain("group", "--groups", "2", "--method", "if,ekfac", "--check", "0"));
    all.put("verify", explain("verify", "--groups", "1", "--leave-out", "1", "--controls", "1"));
    all.put("reweight", explain("reweight", "--groups", "1"));
    return all;
  }

  private Object[] explain(String command, String... more) {
    List<String> model =
        new ArrayList<>(
            List.of(
                "--head",
                "head.safetensors",
                "--loss",
                "normalized-softmax",
                "--test-features",
                "X.npy",
                "--test-labels",
                "y.npy"));
    model.addAll(List.of(more));
    return onArrays(command, command, model.toArray(new String[0]));
  }

  private Object[] onArrays(String command, String out, String... more) {
    List<String> all =
        new ArrayList<>(List.of("explain", command, "--features", "X.npy", "--labels", "y.npy"));
    all.addAll(List.of("--threads", "1", "--out", out));
    all.addAll(List.of(more));
    return arguments(all.toArray(new String[0]));
  }

  /** What follows an option that takes a path is in the folder. */
  private Object[] arguments(String... words) {
    List<String> paths =
        List.of(
            "--config",
            "--run",
            "--features",
            "--labels",
            "--test-features",
            "--test-labels",
            "--embeddings",
            "--proxies",
            "--head",
            "--pairs",
            "--out");
    Object[] all = new Object[words.length];
    all[0] = words[0];
    for (int i = 1; i < words.length; i++) {
      all[i] = paths.contains(words[i - 1]) ? folder.resolve(words[i]) : words[i];
    }
    return all;
  }

  private static String fault(Outcome outcome) {
    String said = outcome.err().strip();
    if (said.contains("unexpected failure") || said.contains("\tat ")) {
      return said;
    }
    boolean refused = outcome.code() == 2 && said.lines().count() == 1;
    boolean done = outcome.code() == 0 && said.isEmpty();
    if (!refused && !done) {
      return "exit " + outcome.code() + ", " + said;
    }
    return nonsense(outcome.out() + said);
  }

  private static String nonsense(String text) {
    return text.lines()
        .filter(line -> line.matches(".*(?<![\\w-])-?(NaN|Infinity|∞)(?!\\w).*"))
        .filter(line -> !line.contains("is NaN or infinite"))
        .findFirst()
        .map(line -> "says " + line)
        .orElse(null);
  }

  private static String writtenNonsense(Path out) {
    if (!Files.isDirectory(out)) {
      return null;
    }
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(f -> f.endsWith("summary.json")).toList()) {
        JsonElement json = JsonParser.parseString(Files.readString(file));
        String fault = nonsense(json.toString());
        if (fault != null) {
          return file.getFileName() + " " + fault;
        }
      }
      Path page = out.resolve("report.html");
      if (Files.exists(page)) {
        String text = Files.readString(page).replaceAll("(?s)<(script|style|svg).*?</\\1>", "");
        String fault = nonsense(text.replaceAll("<[^>]*>", "\n"));
        return fault == null ? null : "page " + fault;
      }
      return null;
    } catch (IOException e) {
      return e.toString();
    }
  }
}
