package io.vicinal.kit;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;

/** A device with little memory: features that stay on the host, and what it says when full. */
final class MemoryChecks {
  private static final LossSpec LOSS = new LossSpec("proxy-nca-pp", Map.of("scale", 3.0));
  private static final long ROOM = 24L << 20;
  private static final int WIDTH = 256;

  private MemoryChecks() {}

  static void run(Comparison c, CheckSettings settings, Precision precision) {
    String device = settings.device();
    BackendOptions options = new BackendOptions(0, 1 << 20, "auto");
    try (Backend small = Backend.open(device, options)) {
      small.blas(); // an engine, which keeps its own memory
      limit(device, used(device) + ROOM);
      // 8 MiB and more of features for every 32 of the largest size.
      int rows = 256 * settings.largest();
      Comparison limited = c.on(small);
      limited.check(
          "features on the host, 24 MiB of the device, " + rows + " rows",
          precision,
          precision.tolerance(),
          1,
          side -> streamed(side, rows));
      c.add(limited);
      if ("memory limit".contains(settings.only())) {
        full(c, small);
      }
    } finally {
      limit(device, 0);
    }
  }

  private static void streamed(Side side, int rows) {
    int d = 16;
    int classes = 20;
    Tensor features = side.normal(side.host(), DType.F32, rows, WIDTH);
    Targets targets = Targets.of(side.ids(rows, classes));
    Tensor weight = side.of(DType.F32, side.gaussian(d * WIDTH, 1.0 / 16), d, WIDTH);
    HeadTensors head = new HeadTensors(weight, null, side.normal(DType.F32, classes, d));
    HeadTensors gradient =
        new HeadTensors(
            side.out("gradient of weight", DType.F32, d, WIDTH),
            null,
            side.out("gradient of proxies", DType.F32, classes, d));
    Backend backend = side.backend();
    LossValue value = backend.headGradient(LOSS, classes, features, targets, head, null, gradient);
    side.keep("loss", value.loss());
    Directions direction = new Directions(side.normal(DType.F32, 2, d, WIDTH), null);
    try (Backend.Curvature curvature = backend.curvature(LOSS, classes, features, targets, head)) {
      Directions out = new Directions(side.out("product", DType.F32, 2, d, WIDTH), null);
      curvature.products(CurvatureKind.HESSIAN, direction, null, out);
      curvature.factors(side.out("feature factor", DType.F32, WIDTH, WIDTH), null);
    }
  }

  private static void full(Comparison c, Backend device) {
    String said = null;
    try (Arena arena = new Arena(device.memory())) {
      arena.allocate(DType.F32, 2 * ROOM / Float.BYTES);
    } catch (InputException e) {
      said = e.getMessage();
    }
    boolean clear = said != null && said.contains("MiB were asked for") && !said.contains("\n");
    c.report("memory limit", clear ? null : "says " + said, "says: " + said);
  }

  private static long used(String device) {
    try (LongPointer cells = new LongPointer(3)) {
      check(
          Vicinal.vicinal_memory_usage(
              device,
              cells,
              new LongPointer(cells).position(1),
              new LongPointer(cells).position(2)));
      return cells.get(0);
    }
  }

  private static void limit(String device, long bytes) {
    check(Vicinal.vicinal_memory_set_limit(device, bytes));
  }

  private static void check(int status) {
    if (status != Vicinal.VICINAL_OK) {
      throw new IllegalStateException(Vicinal.vicinal_last_error().getString());
    }
  }
}
