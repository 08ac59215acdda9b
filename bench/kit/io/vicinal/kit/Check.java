package io.vicinal.kit;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.tensor.DType;
import java.io.PrintStream;
import java.util.List;

/**
 * Every operation of a device against the processor: golden inputs and random shapes, outputs
 * poisoned with NaN and guarded on both sides, tensors of host and device mixed, default and
 * smallest workspace, each result twice. One line per operation, a summary, an exit code.
 */
public final class Check {
  private Check() {}

  /**
   * See {@link CheckSettings#parse}.
   *
   * <p>The exit code is 0 when all agree, 1 when something does not, 2 when nothing could be run.
   */
  public static void main(String[] arguments) {
    int code;
    try {
      code = run(System.out, arguments) == 0 ? 0 : 1;
    } catch (InputException e) {
      System.err.println("check: " + e.getMessage());
      code = 2;
    }
    System.exit(code);
  }

  /**
   * Runs what the arguments say and returns the number of failures.
   *
   * @throws InputException if an argument is wrong, the device is not there, or nothing was run
   */
  public static int run(PrintStream print, String... arguments) {
    CheckSettings settings = CheckSettings.parse(arguments);
    try (Backend reference = Backend.cpu();
        Backend device = Backend.open(settings.device(), BackendOptions.defaults());
        Backend small = Backend.open(settings.device(), new BackendOptions(0, 1 << 20, "auto"))) {
      print.println("device    " + device.name() + " " + device.isa() + ", " + device.blas());
      print.println("reference cpu " + reference.isa() + ", " + reference.blas());
      print.println(
          "seed "
              + settings.seed()
              + ", "
              + settings.rounds()
              + " rounds, sizes to "
              + settings.largest()
              + "; an output may differ by this share of its largest element:");
      for (Precision precision : Precision.values()) {
        print.println("  " + precision + " " + precision.tolerance());
      }
      Comparison c = new Comparison(reference, List.of(device, small), settings, print);
      GoldenChecks.run(c, device, settings.only());
      for (DType type : new DType[] {DType.F32, DType.F64}) {
        Precision precision = type == DType.F32 ? Precision.FLOAT32 : Precision.FLOAT64;
        VectorChecks.run(c, type, precision);
        for (Variant variant : Variant.all()) {
          LossChecks.run(c, variant, type, precision);
          CurvatureChecks.run(c, variant, type, precision);
        }
      }
      SearchChecks.run(c, Precision.FLOAT32);
      PrecisionChecks.run(c, settings.device());
      MemoryChecks.run(c, settings, Precision.FLOAT32);
      if (c.passed() + c.failures().size() == 0) {
        throw new InputException("--only '" + settings.only() + "' matches no operation");
      }
      c.failures().forEach(f -> print.println("failed: " + f));
      print.println(
          c.passed()
              + " of "
              + (c.passed() + c.failures().size())
              + " checks agree on "
              + device.isa()
              + ", seed "
              + settings.seed());
      return c.failures().size();
    }
  }
}
