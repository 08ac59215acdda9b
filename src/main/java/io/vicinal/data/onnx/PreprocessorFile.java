package io.vicinal.data.onnx;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.image.ImageView.Filter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a published network's JSON says about its pictures: Hugging Face's {@code
 * preprocessor_config.json} as its image processors read it, and timm's {@code config.json} ({@code
 * pretrained_cfg}) as {@code timm.data.create_transform} reads it. What would be done otherwise is
 * refused, and keys that nobody knows are told. For one thread.
 */
public final class PreprocessorFile {
  /** A size that is one number is the side of a square for these. */
  private static final Set<String> SQUARE = Set.of("ViT", "DeiT", "Beit", "DINOv3ViT", "Pvt");

  /** For these it is the shorter side. */
  private static final Set<String> SHORTER =
      Set.of("CLIP", "Bit", "ChineseCLIP", "MobileNetV1", "MobileNetV2");

  private static final Set<String> KNOWN =
      Set.of(
          "do_resize",
          "size",
          "default_to_square",
          "resample",
          "do_center_crop",
          "crop_size",
          "crop_pct",
          "do_rescale",
          "rescale_factor",
          "do_normalize",
          "image_mean",
          "image_std",
          "image_processor_type",
          "feature_extractor_type");

  /** They change no picture. */
  private static final Set<String> HARMLESS =
      Set.of(
          "processor_class",
          "auto_map",
          "do_convert_rgb",
          "do_reduce_labels",
          "return_tensors",
          "data_format",
          "input_data_format",
          "device",
          "disable_grouping",
          "num_channels",
          "_valid_processor_keys",
          "transformers_version");

  /** They change pictures in a way that is not made here, if they are true. */
  private static final Set<String> REFUSED =
      Set.of("do_pad", "do_flip_channel_order", "rescale_offset", "include_top");

  private final Path file;
  private final JsonObject json;
  private final Set<String> unknown = new TreeSet<>();

  private PreprocessorFile(Path file, JsonObject json) {
    this.file = file;
    this.json = json;
  }

  /**
   * What was read.
   *
   * @param unknown keys that were not looked at, for nobody knows them
   */
  public record Read(ModelPictures pictures, Set<String> unknown) {}

  /**
   * The file that lies beside a model: Hugging Face's, else timm's.
   *
   * @return null if there is none
   */
  public static Path beside(Path model) {
    Path ofHuggingFace = model.resolveSibling("preprocessor_config.json");
    if (Files.exists(ofHuggingFace)) {
      return ofHuggingFace;
    }
    Path ofTimm = model.resolveSibling("config.json"); // that of other networks says something else
    return Files.exists(ofTimm) && parsed(ofTimm).has("pretrained_cfg") ? ofTimm : null;
  }

  /**
   * Reads a file.
   *
   * @param side that the network is to see; 0: the one that the file names
   * @throws InputException one sentence that names the file and the field
   */
  public static Read read(Path file, int side) {
    JsonObject json = parsed(file);
    boolean timm = json.has("pretrained_cfg") || json.has("input_size") && json.has("crop_pct");
    if (timm) {
      JsonElement inner = json.get("pretrained_cfg");
      PreprocessorFile of = new PreprocessorFile(file, inner == null ? json : inner(file, inner));
      return new Read(of.timm(side), of.unknown);
    }
    PreprocessorFile of = new PreprocessorFile(file, json);
    if (json.keySet().stream().noneMatch(KNOWN::contains)) {
      throw InputFile.problem(
          file,
          "says nothing about pictures",
          "name a preprocessor_config.json, or timm's config.json, with --preprocessor");
    }
    return new Read(of.huggingFace(), of.unknown);
  }

  private static JsonObject inner(Path file, JsonElement element) {
    if (element instanceof JsonObject object) {
      return object;
    }
    throw InputFile.problem(file, "pretrained_cfg is no object", "download it again");
  }

  private static JsonObject parsed(Path file) {
    InputFile.open(file).close(); // says why not
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw InputFile.problem(
          file,
          "is no JSON object (" + InputFile.printable(String.valueOf(e.getMessage())) + ")",
          "repair it, or name another with --preprocessor",
          e);
    }
  }

  // ---- timm
  // --------------------------------------------------------------------------------------

  private ModelPictures timm(int side) {
    int own = square("input_size");
    boolean larger = side > 0 && side != own && has("test_input_size");
    boolean tested = larger && square("test_input_size") == side;
    double part = real(tested && has("test_crop_pct") ? "test_crop_pct" : "crop_pct");
    if (!(part > 0 && part <= 1)) {
      throw problem("crop_pct", "is not in 0..1");
    }
    String mode = text("crop_mode", "center");
    if (!mode.equals("center") && !mode.equals("squash")) {
      throw problem("crop_mode", "is '" + mode + "', which is not made here");
    }
    Filter filter =
        switch (text("interpolation", "bilinear")) {
          case "bilinear" -> Filter.BILINEAR;
          case "bicubic" -> Filter.BICUBIC;
          default -> throw problem("interpolation", "is neither bilinear nor bicubic");
        };
    int size = side > 0 ? side : own;
    return new ModelPictures(
        size,
        (int) Math.floor(size / part),
        mode.equals("squash"),
        filter,
        three("mean"),
        three("std"));
  }

  private int square(String field) {
    if (json.get(field) instanceof JsonArray shape
        && shape.size() == 3
        && shape.get(0).toString().equals("3")
        && shape.get(1).equals(shape.get(2))) {
      return whole(field, shape.get(1));
    }
    throw problem(field, "is not [3, a side, the same side]");
  }

  // ---- Hugging Face
  // ------------------------------------------------------------------------------

  private ModelPictures huggingFace() {
    for (String key : json.keySet()) {
      boolean silent = isFalse(json.get(key)) || HARMLESS.contains(key) || KNOWN.contains(key);
      if (REFUSED.contains(key) && !isFalse(json.get(key))) {
        throw problem(key, "asks for what is not made here");
      }
      if (!silent) {
        unknown.add(key);
      }
    }
    if (!flag("do_resize")) {
      throw problem("do_resize", "is false, so pictures keep their sizes");
    }
    Filter filter =
        switch (has("resample") ? whole("resample", json.get("resample")) : 2) {
          case 2 -> Filter.BILINEAR;
          case 3 -> Filter.BICUBIC;
          default -> throw problem("resample", "is neither 2 (bilinear) nor 3 (bicubic)");
        };
    String kind = kind();
    if (kind.equals("ConvNext") || has("crop_pct")) {
      return convNext(kind, filter);
    }
    boolean square = isSquare(kind);
    int resize = side("size");
    boolean cuts = has("crop_size") && flag("do_center_crop");
    if (!cuts && !square) {
      throw problem("do_center_crop", "is not set, so pictures keep their shapes");
    }
    return scaled(cuts ? side("crop_size") : resize, resize, square, filter);
  }

  /** The image processor's name without its endings. */
  private String kind() {
    String name = text("image_processor_type", text("feature_extractor_type", ""));
    return name.replaceFirst("Fast$", "").replaceFirst("(ImageProcessor|FeatureExtractor)$", "");
  }

  private boolean isSquare(String kind) {
    if (json.get("size") instanceof JsonObject sides) {
      return !sides.has("shortest_edge");
    }
    if (has("default_to_square")) {
      return flag("default_to_square");
    }
    if (SQUARE.contains(kind) || SHORTER.contains(kind)) {
      return SQUARE.contains(kind);
    }
    throw problem(
        "size", "is one number, which may be the shorter side or that of a square: nobody says");
  }

  /** Below 384 a crop, from there on the whole picture. */
  private ModelPictures convNext(String kind, Filter filter) {
    if (!kind.equals("ConvNext")) {
      throw problem("crop_pct", "is known of ConvNext alone");
    }
    int size = side("size");
    double part = has("crop_pct") ? real("crop_pct") : 224.0 / 256;
    return size < 384
        ? scaled(size, (int) (size / part), false, filter)
        : scaled(size, size, true, filter);
  }

  /** (byte * factor - mean) / std, in the numbers of (byte / 255 - mean) / std. */
  private ModelPictures scaled(int size, int resize, boolean square, Filter filter) {
    double factor = !flag("do_rescale") ? 1 : has("rescale_factor") ? real("rescale_factor") : 0;
    double range = factor == 0 ? 1 : Math.abs(255 * factor - 1) < 1e-6 ? 1 : 255 * factor;
    boolean normal = flag("do_normalize");
    List<Double> mean = normal ? three("image_mean") : List.of(0.0, 0.0, 0.0);
    List<Double> std = normal ? three("image_std") : List.of(1.0, 1.0, 1.0);
    return new ModelPictures(
        size,
        resize,
        square,
        filter,
        mean.stream().map(v -> v / range).toList(),
        std.stream().map(v -> v / range).toList());
  }

  private int side(String field) {
    JsonElement value = json.get(field);
    if (!(value instanceof JsonObject sides)) {
      return whole(field, value);
    }
    if (sides.has("longest_edge")) {
      throw problem(field, "has a longest_edge, which is not made here");
    }
    if (sides.has("shortest_edge")) {
      return whole(field, sides.get("shortest_edge"));
    }
    int height = whole(field, sides.get("height"));
    if (height != whole(field, sides.get("width"))) {
      throw problem(field, "is no square");
    }
    return height;
  }

  // ---- fields
  // ------------------------------------------------------------------------------------

  private InputException problem(String field, String what) {
    return InputFile.problem(
        file,
        field + " " + what,
        "give --size, --resize, --crop, --mean and --std instead, with --preset");
  }

  private boolean has(String field) {
    return json.has(field) && !json.get(field).isJsonNull();
  }

  private static boolean isFalse(JsonElement value) {
    return value.isJsonNull() || value.toString().equals("false");
  }

  private boolean flag(String field) {
    return !has(field) || Boolean.parseBoolean(json.get(field).toString());
  }

  private String text(String field, String otherwise) {
    return has(field) && json.get(field).isJsonPrimitive()
        ? InputFile.printable(json.get(field).getAsString())
        : otherwise;
  }

  private double real(String field) {
    return real(field, json.get(field));
  }

  private double real(String field, JsonElement value) {
    try {
      double number = value.getAsDouble();
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (RuntimeException e) { // null, an object, a text
    }
    throw problem(field, value == null ? "is missing" : "is no number");
  }

  private int whole(String field, JsonElement value) {
    double number = real(field, value);
    if (number != (int) number || number < 0) {
      throw problem(field, "is no whole number");
    }
    return (int) number;
  }

  private List<Double> three(String field) {
    List<Double> values = new ArrayList<>();
    if (json.get(field) instanceof JsonArray array && array.size() == 3) {
      array.forEach(one -> values.add(real(field, one)));
      return values;
    }
    throw problem(field, "is not three numbers");
  }
}
