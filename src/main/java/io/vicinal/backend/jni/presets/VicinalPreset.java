package io.vicinal.backend.jni.presets;

import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * The JavaCPP map of {@code vicinal.h}. The status code carries every error, so no C++ exception is
 * translated. The OpenMP runtime and the OpenBLAS preset are mapped before {@code libvicinal},
 * which then binds to them by name: one of each per process.
 *
 * <p>Used by the build only; stateless, hence thread-safe.
 */
@NoException
@Properties(
    target = "io.vicinal.backend.jni",
    global = "io.vicinal.backend.jni.Vicinal",
    value =
        @Platform(
            value = "linux-x86_64",
            // Names and sentences are UTF-8, whatever -Dfile.encoding says.
            define = "STRING_BYTES_CHARSET \"UTF-8\"",
            include = "vicinal/vicinal.h",
            link = "vicinal",
            preload = {"vicinal_threads", "gomp@.1", "quadmath@.0", "gfortran@.5", "openblas@.0"},
            preloadresource = {"/io/vicinal/backend/jni/", "/org/bytedeco/openblas/"}))
public class VicinalPreset implements InfoMapper {
  @Override
  public void map(InfoMap map) {
    map.put(new Info("VICINAL_API").cppTypes().annotations())
        .put(new Info("vicinal_status").valueTypes("int").cast())
        .put(new Info("vicinal_array").pointerTypes("ArrayStruct"))
        .put(new Info("vicinal_engine").pointerTypes("Engine"))
        .put(new Info("vicinal_engine_options").pointerTypes("EngineOptions"))
        .put(new Info("vicinal_curvature").pointerTypes("CurvatureHandle"))
        .put(new Info("vicinal_program").pointerTypes("ProgramHandle"))
        .put(new Info("vicinal_update").pointerTypes("UpdateStruct"))
        .put(new Info("vicinal_loss").pointerTypes("LossStruct"))
        // The parser takes what is constant behind the pointer for a constant member.
        .put(
            new Info("vicinal_loss::names")
                .javaText(
                    "public native @Cast(\"const char*const*\") PointerPointer names();"
                        + " public native LossStruct names(PointerPointer setter);"))
        .put(new Info("vicinal_loss_parameter").pointerTypes("LossParameterStruct"));
  }
}
