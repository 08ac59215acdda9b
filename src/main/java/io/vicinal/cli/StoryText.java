package io.vicinal.cli;

import com.google.gson.JsonObject;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Text;
import io.vicinal.cli.demo.Repair;
import io.vicinal.cli.demo.Story;
import io.vicinal.cli.demo.StorySettings;
import java.util.ArrayList;
import java.util.List;

/** The demo's last act in words and as JSON. Stateless. */
final class StoryText {
  private StoryText() {}

  /** A few sentences, each a paragraph of its own. */
  static List<String> sentences(StorySettings settings, Story.Told story) {
    Repair repair = story.repair();
    Repair other = story.other();
    List<String> all = new ArrayList<>();
    all.add(
        Text.say(
            "wrong labels: %d of %d training labels are made wrong (%s, seed %d).",
            repair.noise().count(), story.images(), repair.kind().text(), settings.seed()));
    all.add(
        Text.say(
            "found: ranked by %s (AUC %.3f), the first %d images hold %.0f %% of the wrong labels.",
            story.best().detector(),
            story.best().auc(),
            repair.noise().count(),
            100 * story.best().found(repair.noise().count())));
    all.add("repaired, without knowing which are wrong: " + repair.outcome());
    all.add("what it is worth: " + repair.retrieval(story.clean()));
    all.add(
        Text.say(
            "the same among similar classes, as people confuse them (AUC %.3f): %s %s",
            other.curve().auc(), other.outcome(), other.retrieval(story.clean())));
    if (story.confusions() > 0) {
      all.add(
          Text.say(
              "explained: %d confusions are traced to training images; solving again without those"
                  + " verifies %d of them.%s",
              story.confusions(),
              story.verified(),
              story.example() == null ? "" : " " + story.example()));
    }
    return all;
  }

  static JsonObject json(StorySettings settings, Story.Told story) {
    JsonObject json = new JsonObject();
    json.add("settings", JsonFile.gson().toJsonTree(settings));
    json.add("clean", JsonFile.gson().toJsonTree(story.clean()));
    json.addProperty("bestDetector", story.best().detector());
    json.addProperty("auc", story.best().auc());
    json.addProperty("found", story.best().found(story.repair().noise().count()));
    json.add(story.repair().kind().text(), json(story.repair()));
    json.add(story.other().kind().text(), json(story.other()));
    json.addProperty("confusions", story.confusions());
    json.addProperty("verified", story.verified());
    json.addProperty("example", story.example());
    return json;
  }

  private static JsonObject json(Repair repair) {
    JsonObject json = new JsonObject();
    json.addProperty("wrong", repair.noise().count());
    json.addProperty("auc", repair.curve().auc());
    json.addProperty("relabelled", repair.relabelled());
    json.addProperty("restored", repair.accuracy().restored());
    json.addProperty("mended", repair.accuracy().mended());
    json.addProperty("broken", repair.accuracy().broken());
    json.add("expected", JsonFile.gson().toJsonTree(repair.relabelling().expected()));
    json.add("noisy", JsonFile.gson().toJsonTree(repair.noisy()));
    json.add("repaired", JsonFile.gson().toJsonTree(repair.repaired()));
    return json;
  }
}
