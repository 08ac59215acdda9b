package io.vicinal.report;

/**
 * An image or other sample that the page shows.
 *
 * @param key of its picture in {@link Pictures}, such as "train/1234"; without a picture there, its
 *     name is shown in a frame
 * @param name what to call it: "image 1234", "query 412"
 * @param label the class it carries
 * @param clean the class it really has, where that is known and another; or null
 */
public record Sample(String key, String name, String label, String clean) {
  /** Whose true class is its label, or not known. */
  public Sample(String key, String name, String label) {
    this(key, name, label, null);
  }
}
