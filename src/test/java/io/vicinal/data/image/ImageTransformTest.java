package io.vicinal.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.data.image.ImageTransform.Jitter;
import io.vicinal.data.image.ImageTransform.PaddedCrop;
import io.vicinal.data.image.ImageTransform.RandomResizedCrop;
import io.vicinal.data.image.ImageTransform.Resized;
import io.vicinal.data.image.ImageTransform.ResizedCrop;
import io.vicinal.data.image.ImageView.Box;
import io.vicinal.data.image.ImageView.Colour;
import io.vicinal.data.image.ImageView.Filter;
import io.vicinal.data.image.ImageView.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transforms against Pillow and torchvision, and the distributions of what is random. */
class ImageTransformTest {
  private static final int W = 45;
  private static final int H = 35;
  private static final ImageDraws NONE = new ImageDraws(0, 0, 0, 0);

  private final ImageDecoder decoder = new ImageDecoder();

  @BeforeEach
  void open() throws IOException {
    byte[] file = Files.readAllBytes(Pillow.FOLDER.resolve("rgb.png"));
    decoder.set(file, file.length);
  }

  @AfterEach
  void close() {
    decoder.close();
  }

  private void same(String name, ImageView view) {
    Pillow.Picture expected = Pillow.EXPECTED.get(name);
    assertThat(List.of(view.width(), view.height()))
        .as(name)
        .containsExactly(expected.width(), expected.height());
    assertThat(expected.difference(decoder.pixels(view))).as(name).isZero();
  }

  private static ImageView look(
      Box part, int w, int h, Filter filter, Box crop, boolean flip, Step... steps) {
    return new ImageView(part, w, h, filter, crop, flip, List.of(steps), ImageView.NO_LIGHT);
  }

  @Test
  void resizingIsPillows() {
    Box all = new Box(0, 0, W, H);
    int count = 0;
    for (String name : Pillow.EXPECTED.keySet()) {
      String[] words = name.split(" ");
      if (words.length == 3 && words[0].startsWith("bi")) {
        int w = Integer.parseInt(words[1]);
        int h = Integer.parseInt(words[2]);
        Filter filter = words[0].equals("bicubic") ? Filter.BICUBIC : Filter.BILINEAR;
        same(name, look(all, w, h, filter, new Box(0, 0, w, h), false));
        count++;
      } else if (words[0].equals("resized_crop")) {
        Box part =
            new Box(
                Integer.parseInt(words[1]),
                Integer.parseInt(words[2]),
                Integer.parseInt(words[3]),
                Integer.parseInt(words[4]));
        same(name, ImageView.resized(part, 24, 24, new Box(0, 0, 24, 24)));
        count++;
      }
    }
    assertThat(count).isEqualTo(16);
  }

  @Test
  void evaluationIsTorchvisions() {
    same("resize 24", ImageTransform.of(new Resized(24)).view(W, H, NONE));
    same(
        "resize 24 center_crop 20",
        ImageTransform.of(new ResizedCrop(24, 20, false)).view(W, H, NONE));
    same(
        "resize 24 center_crop 29",
        ImageTransform.of(new ResizedCrop(24, 29, false)).view(W, H, NONE));
    Box all = new Box(0, 0, W, H);
    same("pad 4 crop 40 -3 2 32", ImageView.resized(all, W, H, new Box(-3, 2, 32, 32)));
  }

  @Test
  void colourIsPillows() {
    Box part = new Box(10, 8, 24, 18);
    Box crop = new Box(0, 0, 24, 18);
    same("flip", look(part, 24, 18, Filter.BILINEAR, crop, true));
    int count = 0;
    for (String name : Pillow.EXPECTED.keySet()) {
      if (name.matches("[A-Z]+ [-0-9.]+")) {
        Step step =
            new Step(Colour.valueOf(name.split(" ")[0]), Double.parseDouble(name.split(" ")[1]));
        same(name, look(part, 24, 18, Filter.BILINEAR, crop, false, step));
        count++;
      }
    }
    assertThat(count).isEqualTo(17);
  }

  /** (byte * range / 255 - mean) / std in the network's order, by hand. */
  @Test
  void numbersAreScaledByChannel() throws IOException {
    try (io.vicinal.tensor.Arena arena = io.vicinal.tensor.Arena.host()) {
      ImageView view =
          new ImageView(
              new Box(0, 0, W, H),
              W,
              H,
              Filter.BILINEAR,
              new Box(0, 0, W, H),
              false,
              List.of(),
              List.of(0.1, -0.2, 0.3));
      byte[] rgb = decoder.pixels(view);
      for (String name : PixelScale.names()) {
        PixelScale scale = PixelScale.named(name);
        io.vicinal.tensor.Tensor out = arena.allocate(io.vicinal.tensor.DType.F32, H, W, 3);
        decoder.values(view, scale, false, out.address());
        for (int i = 0; i < 3 * W * H; i++) {
          int c = i % 3;
          int from = scale.bgr() ? 2 - c : c;
          double light = new double[] {0.1, -0.2, 0.3}[from];
          double pixel = (rgb[i - c + from] & 255) / 255.0 + light;
          double expected = (pixel * scale.range() - scale.mean().get(c)) / scale.std().get(c);
          assertThat(out.at(i))
              .as(name)
              .isCloseTo(
                  expected,
                  within(
                      2e-6 * (1 + Math.abs(expected)) + 1e-6 * scale.range() / scale.std().get(c)));
        }
      }
    }
  }

  /** The share of the area, the shape and the place of 20,000 crops as torchvision draws them. */
  @Test
  void randomCropsAreTorchvisions() throws IOException {
    JsonObject known =
        new Gson()
            .fromJson(Files.readString(Pillow.FOLDER.resolve("crops.json")), JsonObject.class);
    ImageTransform crop = ImageTransform.of(new RandomResizedCrop(224));
    int n = 20_000;
    double[] sums = new double[4];
    for (int i = 0; i < n; i++) {
      Box part = crop.view(500, 375, new ImageDraws(3, 1, i, 0)).part();
      assertThat(part.left() + part.width()).isLessThanOrEqualTo(500);
      assertThat(part.top() + part.height()).isLessThanOrEqualTo(375);
      sums[0] += (double) part.width() * part.height() / (500 * 375);
      sums[1] += (double) part.width() / part.height();
      sums[2] += part.left();
      sums[3] += part.top();
    }
    String[] names = {"area", "aspect", "left", "top"};
    for (int k = 0; k < 4; k++) {
      double mean = known.getAsJsonArray(names[k]).get(0).getAsDouble();
      double deviation = known.getAsJsonArray(names[k]).get(1).getAsDouble();
      assertThat(sums[k] / n).as(names[k]).isCloseTo(mean, within(4 * deviation / Math.sqrt(n)));
    }
  }

  /** A picture that no crop of a fitting shape fits into. */
  @Test
  void aStripIsSeenInTheMiddle() {
    ImageTransform crop = ImageTransform.of(new RandomResizedCrop(8));
    assertThat(crop.view(1000, 3, NONE).part()).isEqualTo(new Box(498, 0, 4, 3));
    assertThat(crop.view(3, 1000, NONE).part()).isEqualTo(new Box(0, 498, 3, 4));
    assertThat(crop.view(1, 1, NONE).part()).isEqualTo(new Box(0, 0, 1, 1));
  }

  @Test
  void whatIsRandomHasItsShares() {
    ImageTransform adv = ImageRecipe.named("adv").training();
    int n = 4000;
    int flips = 0;
    int greys = 0;
    Map<Colour, List<Double>> amounts = new EnumMap<>(Colour.class);
    Map<Colour, Integer> first = new EnumMap<>(Colour.class);
    for (int i = 0; i < n; i++) {
      ImageView view = adv.view(300, 300, new ImageDraws(1, 2, i, 0));
      flips += view.flip() ? 1 : 0;
      List<Step> steps = new ArrayList<>(view.steps());
      if (steps.get(0).colour() == Colour.GREY) {
        greys++;
        steps.remove(0);
      }
      assertThat(steps).hasSize(4);
      first.merge(steps.get(0).colour(), 1, Integer::sum);
      for (Step step : steps) {
        amounts.computeIfAbsent(step.colour(), c -> new ArrayList<>()).add(step.amount());
      }
    }
    assertThat(flips / (double) n).isCloseTo(0.5, within(0.04));
    assertThat(greys / (double) n).isCloseTo(0.2, within(0.03));
    for (Colour colour :
        List.of(Colour.BRIGHTNESS, Colour.CONTRAST, Colour.SATURATION, Colour.HUE)) {
      double centre = colour == Colour.HUE ? 0 : 1;
      assertThat(first.get(colour) / (double) n).isCloseTo(0.25, within(0.035));
      assertThat(amounts.get(colour)).allMatch(a -> Math.abs(a - centre) <= 0.2);
      assertThat(amounts.get(colour))
          .anyMatch(a -> a < centre - 0.19)
          .anyMatch(a -> a > centre + 0.19);
    }
  }

  /** The covariance of PCA lighting is 0.01 V diag(d^2) V', with V and d of the paper's code. */
  @Test
  void lightFollowsTheColoursOfImageNet() {
    ImageTransform lit = new ImageTransform(new RandomResizedCrop(8), 0, 0, Jitter.NONE, 0.1);
    int n = 20_000;
    double[][] sum = new double[3][3];
    for (int i = 0; i < n; i++) {
      List<Double> light = lit.view(9, 9, new ImageDraws(4, 0, i, 0)).light();
      for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
          sum[a][b] += light.get(a) * light.get(b) / n;
        }
      }
    }
    double[][] v = {
      {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}
    };
    double[] d = {0.2175, 0.0188, 0.0045};
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++) {
        double expected = 0;
        for (int k = 0; k < 3; k++) {
          expected += 0.01 * v[a][k] * d[k] * d[k] * v[b][k];
        }
        assertThat(sum[a][b]).isCloseTo(expected, within(0.05 * 0.01 * 0.2175 * 0.2175 * 0.34));
      }
    }
  }

  @Test
  void drawsDependOnNothingElse() {
    ImageTransform adv = ImageRecipe.named("adv").training();
    ImageView one = adv.view(500, 375, new ImageDraws(1, 2, 3, 0));
    assertThat(adv.view(500, 375, new ImageDraws(1, 2, 3, 0))).isEqualTo(one);
    for (ImageDraws other :
        List.of(
            new ImageDraws(2, 2, 3, 0),
            new ImageDraws(1, 3, 3, 0),
            new ImageDraws(1, 2, 4, 0),
            new ImageDraws(1, 2, 3, 1))) {
      assertThat(adv.view(500, 375, other)).isNotEqualTo(one);
    }
  }

  @Test
  void aPaddedCropReachesTheBorder() {
    ImageTransform cifar = ImageTransform.of(new PaddedCrop(4, 32));
    List<Box> crops = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      crops.add(cifar.view(32, 32, new ImageDraws(1, 0, i, 0)).crop());
    }
    assertThat(crops.stream().mapToInt(Box::left).summaryStatistics().getMin()).isEqualTo(-4);
    assertThat(crops.stream().mapToInt(Box::top).summaryStatistics().getMax()).isEqualTo(4);
    assertThat(crops.stream().mapToInt(Box::left).distinct().count()).isEqualTo(9);
  }

  /** The specifications' table. */
  @Test
  void recipesAreThePapers() {
    assertThat(ImageRecipe.named("base").text())
        .isEqualTo(
            "training: random resized crop 224, flip 0.5; evaluation: shorter side 256, centre crop"
                + " 224");
    assertThat(ImageRecipe.named("big").text())
        .endsWith("evaluation: shorter side 256, centre crop 256");
    assertThat(ImageRecipe.named("influence").text())
        .isEqualTo(
            "training: random resized crop 256, flip 0.5; evaluation: shorter side 288, centre crop"
                + " 256");
    assertThat(ImageRecipe.named("influence-view").evaluation().size()).isZero();
    assertThat(ImageRecipe.named("red").training().geometry())
        .isEqualTo(new ResizedCrop(256, 224, true));
    assertThat(ImageRecipe.named("cifar").training().geometry()).isEqualTo(new PaddedCrop(4, 32));
    assertThatThrownBy(() -> ImageRecipe.named("huge"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("transform: 'huge' is unknown; choose base, base-256");
    assertThatThrownBy(() -> PixelScale.named("huge"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("pixels: 'huge' is unknown; choose imagenet");
  }
}
