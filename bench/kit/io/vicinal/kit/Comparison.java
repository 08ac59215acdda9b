package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.DType;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Runs operations on the processor and on a device with the same inputs, compares what they leave,
 * and prints a line for each. A round has shapes of its own; the device's backends take turns, and
 * each round runs twice there, since its results must not depend on the order of its threads. Not
 * thread-safe.
 */
final class Comparison {
  private final Backend reference;
  private final List<Backend> devices;
  private final CheckSettings settings;
  private final PrintStream print;
  private final List<String> failures = new ArrayList<>();
  private int passed;

  Comparison(Backend reference, List<Backend> devices, CheckSettings settings, PrintStream print) {
    this.reference = reference;
    this.devices = devices;
    this.settings = settings;
    this.print = print;
  }

  /** The same rounds on other backends of the device. */
  Comparison on(Backend device) {
    return new Comparison(reference, List.of(device), settings, print);
  }

  /** Counts what another comparison found. */
  void add(Comparison other) {
    passed += other.passed;
    failures.addAll(other.failures);
  }

  int passed() {
    return passed;
  }

  List<String> failures() {
    return failures;
  }

  /** Compares an operation over the settings' rounds. */
  void check(String operation, Precision precision, Consumer<Side> body) {
    check(operation, precision, precision.tolerance(), settings.rounds(), body);
  }

  /** As above, with a tolerance and a number of rounds of its own. */
  void check(
      String operation, Precision precision, double tolerance, int rounds, Consumer<Side> body) {
    if (!operation.contains(settings.only())) {
      return;
    }
    Difference worst = Difference.NONE;
    String condition = "";
    String problem = null;
    for (int round = 0; round < rounds && problem == null; round++) {
      long seed = settings.seed() + 0x9e3779b97f4a7c15L * (round + operation.hashCode());
      Backend device = devices.get(round % devices.size());
      String shapes = "";
      try (Side expected = side(reference, seed, false, null);
          Side actual = side(device, seed, true, null);
          Side again = side(device, seed, true, null)) {
        body.accept(expected);
        shapes = expected.shapes();
        body.accept(actual);
        body.accept(again);
        List<Side.Result> found = actual.results();
        Difference here = Difference.of(expected.results(), found, precision);
        worst = here.error() > worst.error() ? here : worst;
        if (here.error() > tolerance) {
          Difference single = single(seed, precision, body);
          condition = ", float32 on the processor is off by " + figure(single.error());
          if (here.error() > Math.max(tolerance, precision.allowed(single.error()))) {
            problem = "differs by " + here + " at " + shapes + condition;
          }
        }
        if (problem == null && !same(found, again.results())) {
          problem = "is not the same twice, at " + shapes;
        }
      } catch (RuntimeException e) {
        problem = e.getClass().getSimpleName() + ": " + e.getMessage() + " at " + shapes;
      }
    }
    report(operation, problem, "worst " + worst + ", allowed " + figure(tolerance) + condition);
  }

  private Side side(Backend backend, long seed, boolean mixed, DType type) {
    return new Side(backend, seed, settings.largest(), mixed, type);
  }

  /** How far the processor's float32 is from its float64: what the problem does to roundings. */
  private Difference single(long seed, Precision precision, Consumer<Side> body) {
    try (Side exact = side(reference, seed, false, DType.F64);
        Side rounded = side(reference, seed, false, DType.F32)) {
      body.accept(exact);
      body.accept(rounded);
      return Difference.of(exact.results(), rounded.results(), precision);
    }
  }

  /** A line for something that is no comparison: null, or what is wrong. */
  void report(String operation, String problem, String detail) {
    if (problem == null) {
      passed++;
      print.printf(Locale.ROOT, "ok    %-64s %s%n", operation, detail);
    } else {
      failures.add(operation + ": " + problem);
      print.printf(Locale.ROOT, "FAIL  %-64s %s%n", operation, problem);
    }
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.1e", value);
  }

  private static boolean same(List<Side.Result> a, List<Side.Result> b) {
    for (int i = 0; i < a.size(); i++) {
      if (!Arrays.equals(a.get(i).values(), b.get(i).values())
          || !Arrays.equals(a.get(i).integers(), b.get(i).integers())) {
        return false;
      }
    }
    return a.size() == b.size();
  }
}
