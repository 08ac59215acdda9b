package io.vicinal.data.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.InputException;
import io.vicinal.data.image.ImageDraws;
import io.vicinal.data.image.ImageView;
import io.vicinal.data.image.ImageView.Filter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Image processors of transformers 5.18 and default_cfgs of timm 1.0.29, and what is made of them.
 */
class PreprocessorFileTest {
  private static final String MEANS = ", \"image_mean\": [0.1,0.2,0.3], \"image_std\": [1,2,4]";
  private static final String TIMM =
      """
      {"pretrained_cfg": {"input_size": [3, 224, 224], "test_input_size": [3, 288, 288],
      "crop_pct": 0.95, "test_crop_pct": 1.0, "interpolation": "bicubic", "crop_mode": "MODE",
      "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "tag": "a1_in1k"}}
      """;

  @TempDir private Path folder;

  private Path file(String name, String json) {
    try {
      return Files.writeString(folder.resolve(name), json);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private ModelPictures read(String json, int side) {
    return PreprocessorFile.read(file("preprocessor_config.json", json), side).pictures();
  }

  /** The sizes that processors of transformers give for a picture of 500 x 375. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "CLIP     | `size`: {`shortest_edge`: 224}, `crop_size`: {`height`: 224, `width`: 224} | 298 | 224 | 224",
        "CLIP     | `size`: 224, `crop_size`: 224, `do_center_crop`: true | 298 | 224 | 224",
        "Bit      | `size`: {`shortest_edge`: 256}, `crop_size`: {`height`: 224, `width`: 224} | 341 | 256 | 224",
        "Siglip   | `size`: {`height`: 224, `width`: 224} | 224 | 224 | 224",
        "ViT      | `size`: 224 | 224 | 224 | 224",
        "ViTFast  | `size`: {`height`: 384, `width`: 384} | 384 | 384 | 384",
        "DeiT     | `size`: {`height`: 256, `width`: 256}, `crop_size`: 224 | 256 | 256 | 224",
        "Beit     | `size`: {`height`: 224, `width`: 224}, `crop_size`: 192, `do_center_crop`: false | 224 | 224 | 224",
        "ConvNext | `size`: {`shortest_edge`: 224}, `crop_pct`: 0.875 | 341 | 256 | 224",
        "ConvNext | `size`: {`shortest_edge`: 384}, `crop_pct`: 0.875 | 384 | 384 | 384",
        "Other    | `size`: 224, `crop_size`: 224, `default_to_square`: false | 298 | 224 | 224",
      })
  void sizesAreThoseOfTransformers(String kind, String sizes, int width, int height, int size) {
    String type =
        kind.replace("Fast", "") + "ImageProcessor" + (kind.endsWith("Fast") ? "Fast" : "");
    ModelPictures found =
        read(
            "{\"image_processor_type\": \""
                + type
                + "\", \"resample\": 3, "
                + sizes.replace('`', '"')
                + MEANS
                + "}",
            0);
    ImageView view = found.checked().transform().view(500, 375, new ImageDraws(0, 0, 0, 0));
    assertThat(view.resizedWidth()).isEqualTo(width);
    assertThat(view.resizedHeight()).isEqualTo(height);
    assertThat(view.width()).isEqualTo(size);
    assertThat(view.height()).isEqualTo(size);
    assertThat(view.crop().left()).isEqualTo((int) Math.rint((width - size) / 2.0));
    assertThat(view.filter()).isEqualTo(Filter.BICUBIC);
  }

  /** (byte * factor - mean) / std, whichever of the three steps are done. */
  @ParameterizedTest
  @CsvSource({"true,0.00392156862745098,true", "true,0.5,true", "false,9,true", "true,0.25,false"})
  void pixelsAreThoseOfTransformers(boolean rescale, double factor, boolean normalize) {
    ModelPictures found =
        read(
            "{\"size\": {\"height\": 8, \"width\": 8}, \"do_rescale\": "
                + rescale
                + ", \"rescale_factor\": "
                + factor
                + ", \"do_normalize\": "
                + normalize
                + MEANS
                + "}",
            0);
    double[] mean = {0.1, 0.2, 0.3};
    double[] std = {1, 2, 4};
    for (int c = 0; c < 3; c++) {
      for (int pixel : new int[] {0, 7, 255}) {
        double value = rescale ? pixel * factor : pixel;
        value = normalize ? (value - mean[c]) / std[c] : value;
        double given = (pixel / 255.0 - found.mean().get(c)) / found.std().get(c);
        assertThat(given).isCloseTo(value, within(1e-6 * Math.max(1, Math.abs(value))));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "center,0,235,224", // floor(224 / 0.95)
    "center,224,235,224",
    "center,288,288,288", // the size of tests, with its own part
    "center,256,269,256", // floor(256 / 0.95)
    "squash,0,235,224"
  })
  void timmsJson(String mode, int side, int resize, int size) {
    Path config = file("config.json", TIMM.replace("MODE", mode));
    assertThat(PreprocessorFile.beside(folder.resolve("model.onnx"))).isEqualTo(config);
    ModelPictures found = PreprocessorFile.read(config, side).pictures();
    assertThat(found)
        .isEqualTo(
            new ModelPictures(
                size,
                resize,
                mode.equals("squash"),
                Filter.BICUBIC,
                java.util.List.of(0.485, 0.456, 0.406),
                java.util.List.of(0.229, 0.224, 0.225)));
  }

  /** timm.models.get_pretrained_cfg(NAME): input_size, crop_pct, interpolation, mean. */
  @ParameterizedTest
  @CsvSource({
    "dinov2, 518, 1.0,   bicubic,  0.485", // vit_small_patch14_dinov2.lvd142m
    "clip,   224, 1.0,   bicubic,  0.48145466", // vit_base_patch16_clip_224.laion2b
    "clip,   336, 1.0,   bicubic,  0.48145466", // vit_large_patch14_clip_336.openai
    "timm,   224, 0.875, bicubic,  0.485", // efficientnet_b0.ra_in1k
    "torchvision, 224, 0.875, bilinear, 0.485" // resnet50.tv_in1k
  })
  void presetsAreTimms(String name, int side, double part, String filter, double red) {
    ModelPictures open =
        new ModelPictures(side, 0, null, null, java.util.List.of(), java.util.List.of());
    ModelPictures found = open.orElse(ModelPictures.named(name, side)).checked();
    assertThat(found.resize()).isEqualTo((int) Math.floor(side / part));
    assertThat(found.filter().toString()).isEqualToIgnoringCase(filter);
    assertThat(found.mean().get(0)).isEqualTo(red);
    assertThat(found.square()).isFalse();
  }

  @Test
  void whatWouldBeWrongIsRefused() {
    String[][] cases = {
      {"{\"size\": 224" + MEANS + "}", "size is one number"},
      {"{\"size\": {\"shortest_edge\": 224}" + MEANS + "}", "do_center_crop is not set"},
      {"{\"size\": {\"longest_edge\": 224}" + MEANS + "}", "size has a longest_edge"},
      {"{\"do_resize\": false, \"size\": {}" + MEANS + "}", "do_resize is false"},
      {"{\"resample\": 1, \"size\": {}" + MEANS + "}", "resample is neither 2"},
      {"{\"do_pad\": true, \"size\": {}" + MEANS + "}", "do_pad asks for"},
      {"{\"rescale_offset\": true, \"size\": {}" + MEANS + "}", "rescale_offset asks for"},
      {"{\"size\": {\"height\": 8}" + MEANS + "}", "size is missing"},
      {"{\"size\": {\"height\": 8.5, \"width\": 8}" + MEANS + "}", "size is no whole number"},
      {"{\"size\": {\"height\": 8, \"width\": 8}}", "image_mean is not three numbers"},
      {
        "{\"crop_pct\": 0.9, \"size\": {\"shortest_edge\": 8}" + MEANS + "}", "crop_pct is known of"
      },
      {"{\"architecture\": \"x\"}", "says nothing about pictures"},
      {"[]", "is no JSON object"},
      {TIMM.replace("MODE", "border"), "crop_mode is 'border'"},
      {TIMM.replace("bicubic", "lanczos").replace("MODE", "center"), "interpolation is neither"},
      {TIMM.replace("224, 224", "224, 112").replace("MODE", "center"), "input_size is not"},
    };
    for (String[] one : cases) {
      assertThatThrownBy(() -> read(one[0], 0))
          .as(one[0])
          .isInstanceOf(InputException.class)
          .hasMessageContaining("preprocessor_config.json: " + one[1])
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void unknownKeysAreTold() {
    Path file =
        file(
            "preprocessor_config.json",
            "{\"size\": {\"height\": 8, \"width\": 8}, \"do_sharpen\": true, \"do_blur\": false, "
                + "\"processor_class\": \"P\""
                + MEANS
                + "}");
    assertThat(PreprocessorFile.read(file, 0).unknown()).containsExactly("do_sharpen");
  }
}
