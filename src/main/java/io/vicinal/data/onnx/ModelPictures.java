package io.vicinal.data.onnx;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.image.ImageTransform;
import io.vicinal.data.image.ImageTransform.Prepared;
import io.vicinal.data.image.ImageView.Filter;
import io.vicinal.data.image.PixelScale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a network wants its pictures. Numbers that are open are 0, and lists empty, until {@link
 * #orElse} fills them. Immutable, so safe for any thread.
 *
 * @param size the side of the square that it sees
 * @param resize what the shorter side becomes before the middle is cut out
 * @param crop whether the middle is cut out; false: the whole picture is made square; null: open
 * @param filter how pictures are resized; null: open
 * @param mean of red, green and blue in 0..1
 * @param std likewise
 */
public record ModelPictures(
    int size, int resize, Boolean crop, Filter filter, List<Double> mean, List<Double> std) {
  /** Nothing is known. */
  public static final ModelPictures OPEN =
      new ModelPictures(0, 0, null, null, List.of(), List.of());

  private static final int LARGEST = 4096;
  private static final List<Double> IMAGENET = List.of(0.485, 0.456, 0.406);
  private static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);
  private static final List<Double> HALF = List.of(0.5, 0.5, 0.5);
  private static final Map<String, ModelPictures> NAMED = new LinkedHashMap<>();

  static {
    NAMED.put(
        "clip",
        new ModelPictures(
            224,
            224,
            true,
            Filter.BICUBIC,
            List.of(0.48145466, 0.4578275, 0.40821073),
            List.of(0.26862954, 0.26130258, 0.27577711)));
    NAMED.put("dinov2", new ModelPictures(224, 256, true, Filter.BICUBIC, IMAGENET, IMAGENET_STD));
    NAMED.put("siglip", new ModelPictures(224, 0, false, Filter.BICUBIC, HALF, HALF));
    NAMED.put("timm", new ModelPictures(224, 256, true, Filter.BICUBIC, IMAGENET, IMAGENET_STD));
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
   * @throws InputException one sentence with all names, for another one
   */
  public static ModelPictures named(String name) {
    ModelPictures found = NAMED.get(name);
    if (found == null) {
      throw new InputException(
          "--preset: '" + name + "' is unknown; choose " + String.join(", ", NAMED.keySet()));
    }
    return found;
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
        crop != null ? crop : other.crop,
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
    if (cut() && (resize < size || resize > 4 * LARGEST)) {
      throw new InputException(
          "--resize: " + resize + " is not in " + size + ".." + 4 * LARGEST + ", from --size on");
    }
    scale();
    return this;
  }

  private boolean cut() {
    return crop == null || crop;
  }

  /** As a transform. */
  public ImageTransform transform() {
    return ImageTransform.of(new Prepared(cut() ? resize : 0, size, filter));
  }

  /** What becomes of a pixel. */
  public PixelScale scale() {
    return new PixelScale("model", false, 1, mean, std);
  }

  /** In one line. */
  @Override
  public String toString() {
    return (cut() ? "shorter side " + resize + ", centre crop " : "made square, ")
        + size
        + ", "
        + filter.name().toLowerCase(Locale.ROOT)
        + ", mean "
        + mean
        + ", std "
        + std;
  }

  /**
   * Reads a {@code preprocessor_config.json}, as the networks of Hugging Face have it.
   *
   * @throws InputException one sentence that names the file and the field
   */
  public static ModelPictures read(Path file) {
    JsonObject json;
    try {
      json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw InputFile.problem(
          file,
          "is no JSON object that can be read",
          "repair it, or name another with --preprocessor",
          e);
    }
    Reader in = new Reader(file, json);
    boolean resizes = in.flag("do_resize");
    int shorter = resizes ? in.side("size") : 0;
    boolean cuts = json.has("crop_size") && in.flag("do_center_crop");
    int size = cuts ? in.side("crop_size") : shorter;
    boolean square = !cuts && json.get("size") instanceof JsonObject o && o.has("height");
    Filter filter =
        switch (json.has("resample") ? in.number("resample") : 2) {
          case 2 -> Filter.BILINEAR;
          case 3 -> Filter.BICUBIC;
          default -> throw in.problem("resample", "is neither 2 (bilinear) nor 3 (bicubic)");
        };
    boolean scales = in.flag("do_normalize");
    if (json.has("rescale_factor") && Math.abs(in.real("rescale_factor") * 255 - 1) > 1e-6) {
      throw in.problem("rescale_factor", "is not 1/255");
    }
    return new ModelPictures(
        size,
        shorter,
        !square,
        filter,
        scales ? in.three("image_mean") : List.of(0.0, 0.0, 0.0),
        scales ? in.three("image_std") : List.of(1.0, 1.0, 1.0));
  }

  private record Reader(Path file, JsonObject json) {
    InputException problem(String field, String what) {
      return InputFile.problem(
          file,
          field + " " + what,
          "give --size, --resize, --mean and --std instead, with --preset");
    }

    boolean flag(String field) {
      return !json.has(field) || Boolean.parseBoolean(json.get(field).toString());
    }

    double real(String field) {
      try {
        return json.get(field).getAsDouble();
      } catch (RuntimeException e) {
        throw problem(field, "is no number");
      }
    }

    int number(String field) {
      return (int) real(field);
    }

    int side(String field) {
      JsonElement value = json.get(field);
      try {
        if (value instanceof JsonObject sides) {
          if (sides.has("shortest_edge")) {
            return sides.get("shortest_edge").getAsInt();
          }
          int height = sides.get("height").getAsInt();
          if (height == sides.get("width").getAsInt()) {
            return height;
          }
          throw problem(field, "is no square");
        }
        return value.getAsInt();
      } catch (NullPointerException | UnsupportedOperationException | NumberFormatException e) {
        throw problem(field, "is missing or no size");
      }
    }

    List<Double> three(String field) {
      List<Double> values = new ArrayList<>();
      if (json.get(field) instanceof JsonArray array && array.size() == 3) {
        for (JsonElement one : array) {
          try {
            values.add(one.getAsDouble());
          } catch (RuntimeException e) {
            throw problem(field, "holds what is no number");
          }
        }
        return values;
      }
      throw problem(field, "is not three numbers");
    }
  }
}
