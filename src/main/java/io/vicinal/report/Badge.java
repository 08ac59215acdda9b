package io.vicinal.report;

import com.google.gson.annotations.SerializedName;

/** How far a stated effect may be trusted. */
public enum Badge {
  /** The head was solved again without (or with) the change, and the effect measured. */
  @SerializedName("verified")
  VERIFIED("verified"),
  /** Predicted, and its sign and rank hold over a range of damping. */
  @SerializedName("stable")
  STABLE("predicted, stable"),
  /** Predicted, and it changes with the damping: do not act on it alone. */
  @SerializedName("unstable")
  UNSTABLE("unstable"),
  /** Predicted; its stability was not looked at. */
  @SerializedName("predicted")
  PREDICTED("predicted");

  private final String words;

  Badge(String words) {
    this.words = words;
  }

  /** As it stands in a sentence. */
  public String words() {
    return words;
  }
}
