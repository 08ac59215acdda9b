package io.vicinal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/configuration.md and the parser know the same keys. */
class ConfigurationPageTest {

  private static final List<String> KINDS =
      List.of(
          "seed=1",
          "loss.name=triplet",
          "loss.name=moco",
          "optimizer.name=sgd",
          "schedule={\"name\":\"step\",\"every\":2}",
          "schedule={\"name\":\"step\",\"milestones\":[2]}",
          "schedule.name=plateau",
          "schedule={\"name\":\"cosine\",\"epochs\":30,\"warmup\":{\"steps\":9}}",
          "schedule.warmup.epochs=2",
          "optimizer.name=rmsprop",
          "sampler.name=balanced",
          "sampler={\"name\":\"listed\",\"file\":\"b.npy\"}");

  private static String page() throws IOException {
    return Files.readString(Path.of("docs", "configuration.md"));
  }

  private static String keyTable() throws IOException {
    String page = page();
    return page.substring(0, page.indexOf("## The run folder"));
  }

  private static Set<String> documented() throws IOException {
    Set<String> keys = new TreeSet<>();
    Pattern.compile("^\\| `([A-Za-z0-9.]+)` \\|", Pattern.MULTILINE)
        .matcher(keyTable())
        .results()
        .map(found -> found.group(1))
        .forEach(keys::add);
    return keys;
  }

  private static void collect(String path, JsonElement element, Set<String> keys) {
    if (element instanceof JsonObject object && !path.startsWith("optimizer.groups.")) {
      object.asMap().forEach((k, v) -> collect(path.isEmpty() ? k : path + "." + k, v, keys));
    } else if (!path.startsWith("optimizer.groups.")) {
      keys.add(path);
    }
  }

  @Test
  void everyKeyThatIsWrittenIsDocumented() throws IOException {
    Set<String> written = new TreeSet<>();
    for (String kind : KINDS) {
      collect("", RunConfig.defaults(kind).json(), written);
    }
    assertThat(documented()).containsAll(written);
  }

  @Test
  void everyDocumentedKeyIsKnown() throws IOException {
    for (String key : documented()) {
      // No key takes a list of lists, so a known one complains of its type.
      List<String> complaints = new ArrayList<>();
      for (String kind : KINDS) {
        Throwable thrown = catchThrowable(() -> RunConfig.defaults(kind, key + "=[[]]"));
        assertThat(thrown).as(key).isInstanceOf(InputException.class);
        complaints.add(thrown.getMessage());
      }
      assertThat(complaints).as(key).anyMatch(text -> text.contains(key + ": expected"));
    }
  }

  @Test
  void theExamplesParse() throws IOException {
    List<String> examples =
        Pattern.compile("```json\n(.*?)```", Pattern.DOTALL)
            .matcher(page())
            .results()
            .map((MatchResult found) -> found.group(1))
            .toList();
    assertThat(examples).hasSize(2);
    for (String example : examples) {
      assertThatCode(() -> ConfigParser.parse(example, "example", Path.of("/"), List.of()))
          .doesNotThrowAnyException();
    }
  }
}
