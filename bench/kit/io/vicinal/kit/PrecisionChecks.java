package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.tensor.DType;
import java.util.Set;

/**
 * Products of inputs rounded to TF32 (10 fraction bits) or bfloat16 (7), against float32. A cosine
 * is then wrong by up to 2^-10 or 2^-7; a logit by its scale (up to 64 here) times that, which is
 * what the tolerance of losses and their derivatives allows.
 */
final class PrecisionChecks {
  private static final Set<String> LOSSES =
      Set.of("proxy-nca-pp", "proxy-anchor", "soft-triple K=10", "normalized-softmax", "cosface");

  private PrecisionChecks() {}

  static void run(Comparison c, String device) {
    run(c, device, "tf32", Precision.TF32, 1e-3);
    run(c, device, "bfloat16", Precision.BFLOAT16, 1e-2);
  }

  private static void run(
      Comparison c, String device, String option, Precision precision, double ofProducts) {
    BackendOptions options = new BackendOptions(0, 0, "auto", option);
    try (Backend backend = Backend.open(device, options)) {
      Comparison rounded = c.on(backend);
      rounded.check(
          option + " embed", precision, ofProducts, 4, side -> VectorChecks.embed(side, DType.F32));
      for (Variant variant : Variant.all()) {
        if (LOSSES.contains(variant.name().replace(" weighted", ""))) {
          String name = variant.name();
          rounded.check(
              option + " loss " + name, precision, side -> LossChecks.loss(side, variant, DType.F32));
          rounded.check(
              option + " loss hvp " + name,
              precision,
              side -> LossChecks.hvp(side, variant, DType.F32));
        }
      }
      c.add(rounded);
    }
  }
}
