package io.vicinal.data.onnx;

import io.vicinal.InputException;
import io.vicinal.data.image.ImageTransform;
import io.vicinal.data.image.ImageTransform.Prepared;
import io.vicinal.data.image.ImageView.Filter;
import io.vicinal.data.image.PixelScale;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a network wants its pictures. Numbers that are open are 0, and lists empty, until {@link
 * #orElse} fills them. Immutable, so safe for any thread.
 *
 * @param size the side of the square that it sees
 * @param resize what the shorter side becomes before the middle is cut out, or both sides
 * @param square whether both sides become {@code resize}, whatever the picture's shape; null: open
 * @param filter how pictures are resized; null: open
 * @param mean of red, green and blue in 0..1
 * @param std likewise
 */
public record ModelPictures(
    int size, int resize, Boolean square, Filter filter, List<Double> mean, List<Double> std) {
  /** Nothing is known. */
  public static final ModelPictures OPEN =
      new ModelPictures(0, 0, null, null, List.of(), List.of());

  private static final int LARGEST = 4096;
  private static final List<Double> IMAGENET = List.of(0.485, 0.456, 0.406);
  private static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);
  private static final List<Double> HALF = List.of(0.5, 0.5, 0.5);
  private static final List<Double> NONE = List.of(0.0, 0.0, 0.0);
  private static final List<Double> BYTES = List.of(1 / 255.0, 1 / 255.0, 1 / 255.0);
  private static final Map<String, List<ModelPictures>> NAMED = new LinkedHashMap<>();

  // Checked against the default_cfgs of timm 1.0.29, image processors of transformers 5 and
  // OpenAI's and Meta's own code; ModelPicturesTest has timm's. What one family member wants
  // otherwise, its JSON says.
  static {
    // clip.load's Resize(n_px, BICUBIC) and CenterCrop(n_px); CLIPImageProcessor's defaults.
    add(
        "clip",
        new ModelPictures(
            224,
            224,
            false,
            Filter.BICUBIC,
            List.of(0.48145466, 0.4578275, 0.40821073),
            List.of(0.26862954, 0.26130258, 0.27577711)));
    // make_classification_eval_transform's 256 and 224, as Hugging Face has them; timm's 518.
    add(
        "dinov2",
        new ModelPictures(224, 256, false, Filter.BICUBIC, IMAGENET, IMAGENET_STD),
        new ModelPictures(518, 518, false, Filter.BICUBIC, IMAGENET, IMAGENET_STD));
    // SiglipImageProcessor's defaults.
    add("siglip", new ModelPictures(224, 224, true, Filter.BICUBIC, HALF, HALF));
    // DEFAULT_CROP_PCT and IMAGENET_DEFAULT_MEAN: what a model of timm has that says nothing else.
    add("timm", new ModelPictures(224, 256, false, Filter.BICUBIC, IMAGENET, IMAGENET_STD));
    // ImageClassification's defaults in torchvision.transforms._presets.
    add("torchvision", new ModelPictures(224, 256, false, Filter.BILINEAR, IMAGENET, IMAGENET_STD));
  }

  private static void add(String name, ModelPictures... sizes) {
    NAMED.put(name, List.of(sizes));
  }

  /** Copies the lists. */
  public ModelPictures {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
  }

  /** The names in a fixed order. */
  public static List<String> names() {
    return List.copyOf(NAMED.keySet());
  }

  /**
   * What is known of a family of networks.
   *
   * @param side that the network is to see; 0: the usual one
   * @throws InputException one sentence with all names, for another one
   */
  public static ModelPictures named(String name, int side) {
    List<ModelPictures> found = NAMED.get(name);
    if (found == null) {
      throw new InputException(
          "--preset: '" + name + "' is unknown; choose " + String.join(", ", NAMED.keySet()));
    }
    return found.stream().filter(p -> p.size == side).findFirst().orElse(found.get(0));
  }

  /** Fills what is open. A resize goes with its size: for another size it changes in proportion. */
  public ModelPictures orElse(ModelPictures other) {
    int side = size > 0 ? size : other.size;
    int shorter = resize;
    if (shorter == 0 && other.resize > 0) {
      shorter =
          other.size > 0
              ? (int) Math.round((double) other.resize * side / other.size)
              : other.resize;
    }
    return new ModelPictures(
        side,
        shorter,
        square != null ? square : other.square,
        filter != null ? filter : other.filter,
        mean.isEmpty() ? other.mean : mean,
        std.isEmpty() ? other.std : std);
  }

  /**
   * @throws InputException if a number cannot be
   */
  public ModelPictures checked() {
    if (size < 1 || size > LARGEST) {
      throw new InputException("--size: " + size + " is not in 1.." + LARGEST);
    }
    if (resize < size || resize > 4 * LARGEST) {
      throw new InputException(
          "--resize: " + resize + " is not in " + size + ".." + 4 * LARGEST + ", from --size on");
    }
    scale();
    return this;
  }

  /** The same for a model that takes pixels as they are, 0 to 255. */
  public ModelPictures bytes() {
    return new ModelPictures(size, resize, square, filter, NONE, BYTES);
  }

  /** As a transform. */
  public ImageTransform transform() {
    return ImageTransform.of(new Prepared(resize, square, size, filter));
  }

  /** What becomes of a pixel. */
  public PixelScale scale() {
    return new PixelScale("model", false, 1, mean, std);
  }

  /** In one line. */
  @Override
  public String toString() {
    String shape =
        !square
            ? "shorter side " + resize + ", centre crop " + size
            : "made square, " + resize + (resize == size ? "" : ", centre crop " + size);
    boolean bytes = mean.equals(NONE) && std.equals(BYTES);
    return shape
        + ", "
        + filter.name().toLowerCase(Locale.ROOT)
        + (bytes ? ", 0..255" : ", mean " + mean + ", std " + std);
  }
}
