package io.vicinal.cli;

import com.google.gson.JsonObject;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.demo.Story;
import io.vicinal.cli.demo.StorySettings;
import io.vicinal.influence.relabel.Retrieval;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** The demo's last act in words and as JSON. Stateless. */
final class StoryText {
  private StoryText() {}

  /** A few sentences, each a paragraph of its own. */
  static List<String> sentences(StorySettings settings, Story.Result story) {
    Iterator<Retrieval> heads = story.heads().values().iterator();
    Retrieval before = heads.next();
    Retrieval noisy = heads.next();
    Retrieval repaired = heads.next();
    List<String> all = new ArrayList<>();
    all.add(
        say(
            "wrong labels: %d of %d training labels are made wrong (%s, seed %d). A test image's"
                + " nearest training image carries its label in %.1f %% of the cases, before it was"
                + " %.1f %%.",
            story.wrong(),
            story.images(),
            settings.noise().text(),
            settings.seed(),
            100 * noisy.galleryRecall(),
            100 * before.galleryRecall()));
    all.add(
        say(
            "found: ranked by %s (AUC %.3f), the first %d images hold %.0f %% of the wrong labels.",
            story.best().detector(),
            story.best().auc(),
            story.wrong(),
            100 * story.best().found(story.wrong())));
    all.add(
        say(
            "repaired: %d labels are changed without knowing which are wrong; %.0f %% of the wrong"
                + " ones are right again, %d right ones are not any more. The head that is trained"
                + " on them: %.1f %%.",
            story.relabelled(),
            100 * story.accuracy().restored(),
            story.accuracy().broken(),
            100 * repaired.galleryRecall()));
    if (story.confusions() > 0) {
      all.add(
          say(
              "explained: %d confusions are traced to training images; solving again without those"
                  + " verifies %d of them.%s",
              story.confusions(),
              story.verified(),
              story.example() == null ? "" : " " + story.example()));
    }
    return all;
  }

  private static String say(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  static JsonObject json(StorySettings settings, Story.Result story) {
    JsonObject json = new JsonObject();
    json.add("settings", JsonFile.gson().toJsonTree(settings));
    json.addProperty("wrong", story.wrong());
    JsonObject heads = new JsonObject();
    story.heads().forEach((name, head) -> heads.add(name, JsonFile.gson().toJsonTree(head)));
    json.add("heads", heads);
    json.addProperty("bestDetector", story.best().detector());
    json.addProperty("auc", story.best().auc());
    json.addProperty("found", story.best().found(story.wrong()));
    json.addProperty("relabelled", story.relabelled());
    json.addProperty("restored", story.accuracy().restored());
    json.addProperty("broken", story.accuracy().broken());
    json.addProperty("confusions", story.confusions());
    json.addProperty("verified", story.verified());
    json.addProperty("example", story.example());
    return json;
  }
}
