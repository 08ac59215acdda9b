package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.TestDevice;
import io.vicinal.program.RandomPrograms.Sample;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs on a device against plain loops: values, gradients and Hessian-vector products. */
class ExecutableTest {
  @AutoClose private static final Backend backend = TestDevice.open();

  @ParameterizedTest
  @EnumSource(Operation.class)
  void everyOperationIsThatOfPlainLoops(Operation operation) {
    for (OperationTest.Example example : OperationTest.examples(operation)) {
      Program program =
          example.once()
              ? Reverse.of(example.program(), "number", example.moving())
              : product(example.program(), example.moving());
      Map<String, Values> inputs = new HashMap<>(example.inputs());
      example.moving().forEach(name -> addDirection(inputs, name));
      check(operation.text(), program, inputs, DType.F64, 1e-12);
      check(operation.text(), program, inputs, DType.F32, 1e-4);
    }
  }

  /** Chains, repetition, reductions, masks, layouts, products and picking, of sizes from 0 up. */
  @Test
  void randomProgramsAreThoseOfPlainLoops() {
    for (int seed = 0; seed < 80; seed++) {
      Sample sample = RandomPrograms.sample(seed);
      Program program = product(sample.program(), sample.moving());
      sample.moving().forEach(name -> addDirection(sample.inputs(), name));
      check("seed " + seed, program, sample.inputs(), DType.F64, 1e-11);
      check("seed " + seed, program, sample.inputs(), DType.F32, 2e-4);
    }
  }

  /** Values that are saved in between change no bit, whatever is fused with what. */
  @Test
  void aGradientInTwoRunsIsThatOfOne() {
    int saved = 0;
    for (int seed = 300; seed < 340; seed++) {
      Sample sample = seed % 8 == 7 ? RandomPrograms.large(seed) : RandomPrograms.sample(seed);
      Map<String, Values> inputs = new HashMap<>(sample.inputs());
      inputs.put("adjoint.number", Values.random(seed, -1, 1));
      Program joint = Reverse.of(sample.program(), List.of("number"), sample.moving());
      Split split = Reverse.split(sample.program(), List.of("number"), sample.moving());
      for (DType type : List.of(DType.F32, DType.F64)) {
        Map<String, double[]> whole = run(backend, joint, inputs, type);
        try (Executable forward = new Executable(backend, split.forward());
            Executable backward = new Executable(backend, split.backward());
            Arena arena = Arena.host()) {
          Map<String, Tensor> given = tensors(arena, joint, inputs, type);
          Map<String, Tensor> first = forward.run(arena, given);
          given.putAll(first);
          Map<String, Tensor> second = backward.run(arena, given);
          second.keySet().forEach(name -> assertThat(name).startsWith("gradient."));
          first.keySet().removeIf(name -> name.startsWith("saved."));
          saved += split.forward().outputs().size() - first.size();
          first.putAll(second);
          assertThat(first.keySet()).isEqualTo(whole.keySet());
          first.forEach(
              (name, tensor) ->
                  assertThat(numbers(tensor)).as("%s: %s", joint, name).isEqualTo(whole.get(name)));
        }
      }
    }
    assertThat(saved).isGreaterThan(100);
  }

  /** Sums are cut by sizes alone. Matrix products are not among these: the BLAS cuts those. */
  @Test
  @DisabledIfSystemProperty(named = "vicinal.test.device", matches = "cuda.*")
  void anyNumberOfThreadsGivesTheSameBits() {
    for (int seed = 200; seed < 220; seed++) {
      Sample sample = RandomPrograms.large(seed);
      Program program = Reverse.of(sample.program(), "number", sample.moving());
      Map<String, double[]> first = null;
      for (int threads : new int[] {1, 2, 5}) {
        BackendOptions options = BackendOptions.defaults().withThreads(threads);
        try (Backend other = Backend.open(TestDevice.name(), options)) {
          Map<String, double[]> bits = run(other, program, sample.inputs(), DType.F32);
          first = first == null ? bits : first;
          for (String name : bits.keySet()) {
            assertThat(Arrays.equals(bits.get(name), first.get(name)))
                .as("seed %s, %s threads: %s", seed, threads, name)
                .isTrue();
          }
        }
      }
    }
  }

  @Test
  void twoThreadsRunOneProgram() throws Exception {
    Sample sample = RandomPrograms.sample(7);
    Program program = Reverse.of(sample.program(), "number", sample.moving());
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Executable run = new Executable(backend, program)) {
      Map<String, double[]> first = run(run, program, sample.inputs(), DType.F32);
      List<Future<?>> runs = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        DType type = t == 0 ? DType.F32 : DType.F64;
        runs.add(
            threads.submit(
                () -> {
                  Map<String, double[]> expected = run(run, program, sample.inputs(), type);
                  for (int i = 0; i < 30; i++) {
                    Map<String, double[]> again = run(run, program, sample.inputs(), type);
                    again.forEach((name, v) -> assertThat(v).isEqualTo(expected.get(name)));
                  }
                }));
      }
      for (Future<?> one : runs) {
        one.get();
      }
      assertThat(run(run, program, sample.inputs(), DType.F32).get("number"))
          .isEqualTo(first.get("number"));
    } finally {
      threads.shutdownNow();
    }
  }

  private static Program product(Program program, List<String> moving) {
    Program gradient = Reverse.of(program, "number", moving);
    return Forward.of(gradient, moving.stream().map("gradient."::concat).toList(), moving);
  }

  private static void addDirection(Map<String, Values> inputs, String name) {
    inputs.put("direction." + name, Values.random(41, -1, 1, inputs.get(name).shape()));
  }

  private static void check(
      String what, Program program, Map<String, Values> inputs, DType type, double tolerance) {
    Map<String, Values> rounded = new HashMap<>();
    inputs.forEach(
        (name, v) ->
            rounded.put(
                name, type == DType.F64 || v.rank() == 0 || isInt(program, name) ? v : round(v)));
    boolean single = type == DType.F32 && inputs.values().stream().anyMatch(v -> v.rank() > 0);
    double epsilon = single ? Math.ulp(1.0f) : Math.ulp(1.0); // numbers alone are doubles
    Map<String, Values> expected = Interpreter.run(program, rounded, epsilon);
    Map<String, double[]> actual = run(backend, program, rounded, type);
    expected.forEach(
        (name, v) -> {
          assertThat(actual.get(name)).as(what + ": " + name).hasSameSizeAs(v.data());
          for (int i = 0; i < v.data().length; i++) {
            double right = v.data()[i];
            double got = actual.get(name)[i];
            boolean close =
                Double.compare(got, right) == 0
                    || Math.abs(got - right) <= tolerance * (1 + Math.abs(right));
            assertThat(close)
                .as("%s, %s: %s[%s] is %s, not %s\n%s", what, type, name, i, got, right, program)
                .isTrue();
          }
        });
  }

  private static Values round(Values v) {
    return Values.of(v.shape(), Arrays.stream(v.data()).map(x -> (float) x).toArray());
  }

  private static boolean isInt(Program program, String name) {
    return program.inputs().stream()
        .anyMatch(input -> input.name().equals(name) && input.type() == Expr.Type.INT);
  }

  private static Map<String, double[]> run(
      Backend backend, Program program, Map<String, Values> inputs, DType type) {
    try (Executable run = new Executable(backend, program)) {
      return run(run, program, inputs, type);
    }
  }

  private static Map<String, double[]> run(
      Executable run, Program program, Map<String, Values> inputs, DType type) {
    try (Arena arena = Arena.host()) {
      Map<String, double[]> values = new LinkedHashMap<>();
      run.run(arena, tensors(arena, program, inputs, type))
          .forEach((name, tensor) -> values.put(name, numbers(tensor)));
      return values;
    }
  }

  private static double[] numbers(Tensor tensor) {
    return tensor.dtype() == DType.I64
        ? LongStream.of(tensor.toLongs()).asDoubleStream().toArray()
        : tensor.toDoubles();
  }

  private static Map<String, Tensor> tensors(
      Arena arena, Program program, Map<String, Values> inputs, DType type) {
    Map<String, Tensor> given = new HashMap<>();
    for (Expr input : program.inputs()) {
      Values v = inputs.get(input.name());
      long[] shape = Arrays.stream(v.shape()).asLongStream().toArray();
      given.put(
          input.name(),
          input.type() == Expr.Type.INT
              ? arena.of(Arrays.stream(v.data()).mapToLong(x -> (long) x).toArray(), shape)
              : Filled.of(arena, v.rank() == 0 ? DType.F64 : type, v.data(), shape));
    }
    return given;
  }
}
