package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import io.vicinal.NativeException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a loss accepts as text and what the native library accepts is the same, at every bound. */
class LossRangeTest {
  /** Ends of ranges, and what lies beyond. */
  static final double[] VALUES = {
    -1e10,
    Math.nextDown(-1e4),
    -1e4,
    -1,
    Math.nextDown(0.0),
    0,
    Double.MIN_VALUE,
    1e-30,
    Math.nextDown(1e-4),
    1e-4,
    1,
    180,
    Math.nextUp(180.0),
    1e4,
    Math.nextUp(1e4),
    1e10,
    1e300
  };

  private static boolean inJava(String loss, String parameter, double value) {
    try {
      Losses.create(loss, Map.of(parameter, Double.toString(value)));
      return true;
    } catch (InputException e) {
      assertThat(e.getMessage()).startsWith(loss + ": " + parameter + " ").doesNotContain("\n");
      return false;
    }
  }

  private static boolean natively(Backend backend, Arena arena, Loss loss, String parameter) {
    Tensor z = arena.of(new double[] {1, 0, 0, 1}, 2, 2);
    Tensor p = arena.allocate(DType.F64, 2L * loss.centers(), 2);
    double[] proxies = new double[(int) p.size()];
    Arrays.setAll(proxies, i -> Math.sin(i + 1));
    p.set(proxies);
    Targets targets = new Targets(arena.of(new long[] {0, 1}, 2), null, null);
    try {
      backend.loss(
          loss.spec(),
          2,
          z,
          targets,
          p,
          null,
          arena.allocate(DType.F64, 2, 2),
          arena.allocate(DType.F64, p.shape()));
      return true;
    } catch (InputException | NativeException e) {
      assertThat(e.getMessage()).contains(loss.name() + ": " + parameter + " ");
      return false;
    }
  }

  /** The record with one component replaced, past the checks of its text form. */
  private static Loss with(Loss loss, String parameter, double value) throws Exception {
    RecordComponent[] parts = loss.getClass().getRecordComponents();
    Object[] values = new Object[parts.length];
    boolean found = false;
    for (int i = 0; i < parts.length; i++) {
      boolean chosen = parts[i].getName().equalsIgnoreCase(parameter.replace("-", ""));
      values[i] = chosen ? (Object) value : parts[i].getAccessor().invoke(loss);
      found |= chosen;
    }
    assertThat(found).as(parameter).isTrue();
    Class<?>[] types = Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new);
    return (Loss) loss.getClass().getDeclaredConstructor(types).newInstance(values);
  }

  @Test
  void textAndNativeLibraryAgree() throws Exception {
    int refused = 0;
    try (Backend backend = Backend.cpu()) {
      for (String name : Losses.names()) {
        Loss loss = Losses.create(name);
        for (Map.Entry<String, Object> parameter : loss.params().entrySet()) {
          if (!(parameter.getValue() instanceof Double)) {
            continue;
          }
          for (double value : VALUES) {
            try (Arena arena = Arena.host()) {
              Loss changed = with(loss, parameter.getKey(), value);
              boolean java = inJava(name, parameter.getKey(), value);
              assertThat(java)
                  .as(name + " " + parameter.getKey() + " " + value)
                  .isEqualTo(natively(backend, arena, changed, parameter.getKey()));
              refused += java ? 0 : 1;
            }
          }
        }
      }
    }
    assertThat(refused).isGreaterThan(50);
  }
}
