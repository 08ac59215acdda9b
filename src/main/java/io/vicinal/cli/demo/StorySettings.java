package io.vicinal.cli.demo;

import com.google.gson.JsonObject;
import io.vicinal.data.LabelNoise;

/**
 * What was decided about the demo's last act before it was run: the {@code story} of the resource
 * {@code settings.json}. A value.
 *
 * @param howChosen where the numbers come from
 * @param images training images that it uses
 * @param noise how labels are made wrong whose confusions are traced
 * @param otherNoise how they are made wrong for comparison
 * @param rate share of the labels that are
 * @param seed of the noise, the folds and the random samples
 * @param epochs of each head that is trained
 * @param damping of the influence, in mean Gauss-Newton eigenvalues
 * @param removals of each confusion that are checked by solving again
 */
public record StorySettings(
    String howChosen,
    int images,
    LabelNoise.Kind noise,
    LabelNoise.Kind otherNoise,
    double rate,
    long seed,
    int epochs,
    double damping,
    int removals) {

  static StorySettings read(JsonObject json) {
    return new StorySettings(
        json.get("howChosen").getAsString(),
        json.get("images").getAsInt(),
        LabelNoise.Kind.parse(json.get("noise").getAsString()),
        LabelNoise.Kind.parse(json.get("otherNoise").getAsString()),
        json.get("rate").getAsDouble(),
        json.get("seed").getAsLong(),
        json.get("epochs").getAsInt(),
        json.get("damping").getAsDouble(),
        json.get("removals").getAsInt());
  }
}
