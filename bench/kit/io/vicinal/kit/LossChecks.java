package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/** Losses, their gradients and Hessian products, alone and through a head. */
final class LossChecks {
  private LossChecks() {}

  static void run(Comparison c, Variant variant, DType type, Precision precision) {
    String name = " " + variant.name() + " " + type;
    c.check("loss" + name, precision, side -> loss(side, variant, type));
    c.check("loss hvp" + name, precision, side -> hvp(side, variant, type));
    c.check("head gradient" + name, precision, side -> headGradient(side, variant, type));
    c.check("repeated step" + name, precision, side -> repeatedStep(side, variant, type));
  }

  static void loss(Side side, Variant variant, DType type) {
    Problem p = Problem.draw(side, variant, type, false);
    LossSpec spec = p.spec();
    Backend backend = side.backend();
    Tensor perSample = spec.decomposes() ? side.out("per sample", type, p.n()) : null;
    Tensor ofEmbeddings = side.out("gradient of embeddings", type, p.n(), p.d());
    Tensor ofProxies = side.out("gradient of proxies", type, p.proxies(), p.d());
    Tensor proxies = p.head().proxies();
    LossValue value =
        backend.loss(
            spec,
            p.classes(),
            p.embeddings(),
            p.targets(),
            proxies,
            perSample,
            ofEmbeddings,
            ofProxies);
    keep(side, "loss", value);
    value = backend.loss(spec, p.classes(), p.embeddings(), p.targets(), proxies, null, null, null);
    keep(side, "loss without gradients", value);
  }

  private static void keep(Side side, String name, LossValue value) {
    side.keep(name, value.loss());
    side.keepExact("empty samples of " + name, value.empty());
  }

  static void hvp(Side side, Variant variant, DType type) {
    Problem p = Problem.draw(side, variant, type, false);
    Tensor byEmbeddings = side.normal(type, p.n(), p.d());
    Tensor byProxies = side.normal(type, p.proxies(), p.d());
    Tensor ofEmbeddings = side.out("hvp of embeddings", type, p.n(), p.d());
    Tensor ofProxies = side.out("hvp of proxies", type, p.proxies(), p.d());
    Tensor alone = side.out("hvp of embeddings by proxies alone", type, p.n(), p.d());
    Tensor proxies = p.head().proxies();
    side.backend()
        .lossHvp(
            p.spec(),
            p.classes(),
            p.embeddings(),
            p.targets(),
            proxies,
            byEmbeddings,
            byProxies,
            ofEmbeddings,
            ofProxies);
    side.backend()
        .lossHvp(
            p.spec(),
            p.classes(),
            p.embeddings(),
            p.targets(),
            proxies,
            null,
            byProxies,
            alone,
            null);
  }

  /**
   * The same call on other values, as a training makes them: a device may record what it queues and
   * replay it.
   */
  static void repeatedStep(Side side, Variant variant, DType type) {
    side.settle();
    Problem p = Problem.draw(side, variant, type, true);
    HeadTensors gradient =
        new HeadTensors(
            side.out("gradient of weight", type, p.d(), p.width()),
            side.out("gradient of bias", type, p.d()),
            side.out("gradient of proxies", type, p.proxies(), p.d()));
    for (int i = 1; i <= 4; i++) {
      p.features().copyFrom(side.normal(type, p.n(), p.width()));
      LossValue value =
          side.backend()
              .headGradient(
                  p.spec(), p.classes(), p.features(), p.targets(), p.head(), null, gradient);
      keep(side, "loss of call " + i, value);
      side.keep("gradient of the bias of call " + i, gradient.bias().toDoubles());
    }
  }

  static void headGradient(Side side, Variant variant, DType type) {
    boolean bias = side.pick("bias", 0, 1) == 1;
    Problem p = Problem.draw(side, variant, type, bias);
    Tensor perSample = p.spec().decomposes() ? side.out("per sample", type, p.n()) : null;
    HeadTensors gradient =
        new HeadTensors(
            side.out("gradient of weight", type, p.d(), p.width()),
            bias ? side.out("gradient of bias", type, p.d()) : null,
            side.out("gradient of proxies", type, p.proxies(), p.d()));
    LossValue value =
        side.backend()
            .headGradient(
                p.spec(), p.classes(), p.features(), p.targets(), p.head(), perSample, gradient);
    keep(side, "loss", value);
  }
}
