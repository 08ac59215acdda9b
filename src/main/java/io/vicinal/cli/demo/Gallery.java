package io.vicinal.cli.demo;

import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.report.Pictures;
import io.vicinal.report.Sample;

/** The images that the page shows, each stored once. */
record Gallery(FeatureSet clean, FeatureSet noisy, FeatureSet test, Pictures pictures) {
  private static final int SIDE = 28;

  Gallery(FeatureSet clean, FeatureSet noisy, FeatureSet test) {
    this(clean, noisy, test, new Pictures());
  }

  /** A training image with the label that it carries, and the right one if that is another. */
  Sample train(long id) {
    long label = noisy.labels().longAt(id);
    long right = clean.labels().longAt(id);
    return new Sample(
        picture("train/" + id, noisy, id),
        "image " + id,
        name(label),
        label == right ? null : name(right));
  }

  /** A test image. */
  Sample test(long id) {
    return new Sample(
        picture("test/" + id, test, id), "query " + id, name(test.labels().longAt(id)));
  }

  private String picture(String key, FeatureSet set, long id) {
    if (!pictures.has(key)) {
      pictures.put(key, set.features().rows(id, id + 1).toFloats(), SIDE, SIDE, 1);
    }
    return key;
  }

  static String name(long label) {
    return FashionMnist.CLASSES.get((int) label);
  }
}
