package io.vicinal.backend.jni.presets;

import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * The JavaCPP map of {@code image.h}: a library of its own, so that the codecs of the leptonica
 * preset are loaded only where pictures are read.
 *
 * <p>Used by the build only; stateless, hence thread-safe.
 */
@NoException
@Properties(
    target = "io.vicinal.backend.jni",
    global = "io.vicinal.backend.jni.VicinalImage",
    value =
        @Platform(
            value = "linux-x86_64",
            define = "STRING_BYTES_CHARSET \"UTF-8\"",
            include = "vicinal/image.h",
            link = "vicinal_image",
            preload = "leptonica@.6",
            preloadresource = "/org/bytedeco/leptonica/"))
public class ImagePreset implements InfoMapper {
  @Override
  public void map(InfoMap map) {
    map.put(new Info("VICINAL_API").cppTypes().annotations())
        .put(new Info("vicinal_status").valueTypes("int").cast())
        .put(new Info("vicinal_image_header").pointerTypes("ImageHeaderStruct"))
        .put(new Info("vicinal_image_view").pointerTypes("ImageViewStruct"));
  }
}
