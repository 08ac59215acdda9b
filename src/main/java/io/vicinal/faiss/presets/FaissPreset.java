package io.vicinal.faiss.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * The JavaCPP map of {@code faiss.hpp}, our own small header over FAISS. FAISS is linked statically
 * and bound to the OpenBLAS preset (JavaCPP links in reverse order: FAISS before what it needs); a
 * {@code #} after a link name says that nothing is loaded for it at run time. The OpenMP runtime
 * and OpenBLAS are mapped first: one of each per process.
 *
 * <p>Used by the build only; stateless, hence thread-safe.
 */
@Properties(
    target = "io.vicinal.faiss",
    global = "io.vicinal.faiss.global.faiss",
    value =
        @Platform(
            value = "linux-x86_64",
            // Names and sentences are UTF-8, whatever -Dfile.encoding says.
            define = "STRING_BYTES_CHARSET \"UTF-8\"",
            compiler = {"cpp17", "openmp"},
            include = {
              "vicinal/faiss_interrupt.hpp",
              "vicinal/faiss.hpp",
              "vicinal/neighbours.hpp",
              "vicinal/faiss_clustering.hpp"
            },
            link = {"gomp#", ":libopenblas.so.0#", "faiss#", "vicinal_threads#"},
            preload = {"vicinal_threads", "gomp@.1", "quadmath@.0", "gfortran@.5", "openblas@.0"},
            preloadresource = {"/io/vicinal/backend/jni/", "/org/bytedeco/openblas/"}))
public class FaissPreset implements InfoMapper {
  @Override
  public void map(InfoMap map) {
    // JavaCPP's annotations are imported by wildcard and one of them is also called Index.
    map.put(new Info().javaText("import io.vicinal.faiss.Index;"))
        .put(
            new Info(
                    "vicinal::faiss::Index::get",
                    "vicinal::faiss::Index::handle",
                    "vicinal::faiss::Index::Index(std::shared_ptr<::faiss::Index>)")
                .skip())
        .put(new Info("std::shared_ptr<::faiss::Index>").skip())
        .put(new Info("std::string").annotations("@StdString").valueTypes("String"));
  }
}
