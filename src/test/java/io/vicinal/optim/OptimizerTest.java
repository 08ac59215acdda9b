package io.vicinal.optim;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Update;
import io.vicinal.backend.UpdateResult;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OptimizerTest {
  private static final Update.Clip NONE = Update.Clip.NONE;

  private static final double[] START = {0.5, -1.25, 2.0};
  private static final double[][] GRADIENTS = {
    {0.3, -0.02, 4.0}, {-0.1, 0.5, 0.25}, {0.7, 0.001, -3.0}
  };

  /** Settings of one group. */
  private record Case(double lr, double eps, double weightDecay, double momentum) {
    Case(double lr, double eps, double weightDecay) {
      this(lr, eps, weightDecay, 0);
    }
  }

  private static double[] threeSteps(
      Case c, boolean single, Function<List<ParameterGroup>, Function<Arena, Optimizer>> make) {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor p = single ? arena.of(new float[3], 3) : arena.of(new double[3], 3);
      Tensor g = single ? arena.of(new float[3], 3) : arena.of(new double[3], 3);
      p.set(START);
      ParameterGroup group =
          new ParameterGroup("weight", p, g, c.lr(), c.eps(), c.weightDecay(), c.momentum(), NONE);
      Optimizer optimizer = make.apply(List.of(group)).apply(arena);
      for (double[] gradient : GRADIENTS) {
        g.set(gradient);
        optimizer.step(backend, 1, Set.of());
      }
      return p.toDoubles();
    }
  }

  private static double[] adam(Case c, double beta1, double beta2, boolean decoupled) {
    return threeSteps(
        c, false, groups -> arena -> new Adam(arena, groups, beta1, beta2, decoupled));
  }

  /** Kingma and Ba's algorithm 1, one number at a time. */
  private static double[] plainAdam(Case c, double beta1, double beta2, boolean decoupled) {
    double[] p = START.clone();
    for (int i = 0; i < p.length; i++) {
      double m = 0;
      double v = 0;
      for (int t = 1; t <= GRADIENTS.length; t++) {
        double g = GRADIENTS[t - 1][i];
        if (decoupled) {
          p[i] -= c.lr() * c.weightDecay() * p[i];
        } else {
          g += c.weightDecay() * p[i];
        }
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        double mHat = m / (1 - Math.pow(beta1, t));
        double vHat = v / (1 - Math.pow(beta2, t));
        p[i] -= c.lr() * mHat / (Math.sqrt(vHat) + c.eps());
      }
    }
    return p;
  }

  @Test
  void adamWithEpsOneFollowsTheFormulaAndTorch() {
    Case proxies = new Case(400, 1, 0);
    double[] p = adam(proxies, 0.9, 0.999, false);
    assertThat(p).containsExactly(plainAdam(proxies, 0.9, 0.999, false), within(1e-9));
    // torch 2.13.0, float64, torch.optim.Adam(lr=400, eps=1.0)
    double[] torch = {-208.27195702702988, -118.14661069330106, -547.0907397666107};
    assertThat(p).containsExactly(torch, within(1e-9));
    double[] slow = adam(new Case(4e-3, 1, 0), 0.9, 0.999, false);
    double[] torchSlow = {0.4979122804297297, -1.251168966106933, 1.9945090926023339};
    assertThat(slow).containsExactly(torchSlow, within(1e-13));
  }

  @Test
  void adamWithWeightDecayFollowsTheFormulaAndTorch() {
    Case c = new Case(1e-2, 1e-8, 0.1);
    double[] p = adam(c, 0.8, 0.99, false);
    assertThat(p).containsExactly(plainAdam(c, 0.8, 0.99, false), within(1e-13));
    // torch 2.13.0: Adam(lr=1e-2, betas=(0.8, 0.99), weight_decay=0.1)
    double[] torch = {0.4769375062587665, -1.2464828397832286, 1.9825531280647477};
    assertThat(p).containsExactly(torch, within(1e-13));
  }

  @Test
  void adamwDecouplesWeightDecayAsTorch() {
    Case c = new Case(1e-2, 1e-8, 0.1);
    double[] p = adam(c, 0.9, 0.999, true);
    assertThat(p).containsExactly(plainAdam(c, 0.9, 0.999, true), within(1e-13));
    // torch 2.13.0: AdamW(lr=1e-2, weight_decay=0.1)
    double[] torch = {0.47742806671878407, -1.2489877834396073, 1.9762874730369229};
    assertThat(p).containsExactly(torch, within(1e-13));
  }

  @Test
  void sgdFollowsTorchWithAndWithoutMomentum() {
    double[] p =
        threeSteps(
            new Case(0.1, 0, 0.01, 0.9), false, groups -> arena -> new Sgd(arena, groups, false));
    // torch 2.13.0: SGD(lr=0.1, momentum=0.9, weight_decay=0.01)
    double[] torch = {0.3650013695, -1.3326310967500001, 1.158834198};
    assertThat(p).containsExactly(torch, within(1e-14));
    double[] plain =
        threeSteps(new Case(0.1, 0, 0), false, groups -> arena -> new Sgd(arena, groups, false));
    assertThat(plain).containsExactly(new double[] {0.41, -1.2981, 1.875}, within(1e-14));
  }

  /** Sutskever et al. 2013 in torch's form, one number at a time. */
  @Test
  void nesterovFollowsTheFormulaAndTorch() {
    Case c = new Case(0.1, 0, 0.01, 0.9);
    double[] plain = START.clone();
    for (int i = 0; i < plain.length; i++) {
      double v = 0;
      for (double[] gradient : GRADIENTS) {
        double g = gradient[i] + c.weightDecay() * plain[i];
        v = c.momentum() * v + g;
        plain[i] -= c.lr() * (g + c.momentum() * v);
      }
    }
    // torch 2.13.0: SGD(lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True)
    double[] torch = {0.2871850848005, -1.36860820870825, 1.114786508682};
    double[] p = threeSteps(c, false, groups -> arena -> new Sgd(arena, groups, true));
    assertThat(p).containsExactly(plain, within(1e-14)).containsExactly(torch, within(1e-14));
    double[] single = threeSteps(c, true, groups -> arena -> new Sgd(arena, groups, true));
    assertThat(single).containsExactly(torch, within(1e-6));
  }

  /** Tieleman and Hinton's recurrence, and Graves's, one number at a time. */
  private static double[] plainRmsProp(Case c, double alpha, boolean centered) {
    double[] p = START.clone();
    for (int i = 0; i < p.length; i++) {
      double square = 0;
      double mean = 0;
      double v = 0;
      for (double[] gradient : GRADIENTS) {
        double g = gradient[i] + c.weightDecay() * p[i];
        square = alpha * square + (1 - alpha) * g * g;
        mean = alpha * mean + (1 - alpha) * g;
        double spread = centered ? square - mean * mean : square;
        v = c.momentum() * v + g / (Math.sqrt(spread) + c.eps());
        p[i] -= c.lr() * v;
      }
    }
    return p;
  }

  private static void rmsProp(Case c, double alpha, boolean centered, double... torch) {
    Function<List<ParameterGroup>, Function<Arena, Optimizer>> make =
        groups -> arena -> new RmsProp(arena, groups, alpha, centered);
    assertThat(threeSteps(c, false, make))
        .containsExactly(plainRmsProp(c, alpha, centered), within(1e-12))
        .containsExactly(torch, within(1e-12));
    assertThat(threeSteps(c, true, make)).containsExactly(torch, within(1e-6));
  }

  @Test
  void rmsPropFollowsTheFormulaAndTorch() {
    // torch 2.13.0, float64: RMSprop(lr=0.01)
    rmsProp(
        new Case(0.01, 1e-8, 0),
        0.99,
        false,
        0.3404874490844615,
        -1.2501222221031956,
        1.9540410904224357);
    // RMSprop(lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.1)
    rmsProp(
        new Case(0.02, 1e-3, 0.1),
        0.9,
        false,
        0.38989206591171865,
        -1.2279112618680834,
        1.9673397270060238);
    // RMSprop(lr=0.01, momentum=0.9)
    rmsProp(
        new Case(0.01, 1e-8, 0, 0.9),
        0.99,
        false,
        0.19807693921225075,
        -1.1690518636964076,
        1.7773988774380642);
    // RMSprop(lr=0.01, centered=True)
    rmsProp(
        new Case(0.01, 1e-8, 0),
        0.99,
        true,
        0.3394179625723521,
        -1.250082664042075,
        1.9535187078704876);
    // RMSprop(lr=0.01, alpha=0.9, eps=1e-3, momentum=0.5, centered=True, weight_decay=0.01)
    rmsProp(
        new Case(0.01, 1e-3, 0.01, 0.5),
        0.9,
        true,
        0.42603113804689385,
        -1.2455303167691842,
        1.9582603744177702);
  }

  /** A gradient that never changes has no variance; torch's root of it is NaN now and then. */
  @Test
  void aConstantGradientIsNoNaNInCentredRmsProp() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor p = arena.of(new float[] {1, 1, 1}, 3);
      Tensor g = arena.of(new float[] {0.1f, 3e-3f, 7}, 3);
      RmsProp optimizer =
          new RmsProp(
              arena, List.of(new ParameterGroup("weight", p, g, 1e-4, 1, 0, 0, NONE)), 0.5, true);
      for (int i = 0; i < 200; i++) {
        assertThat(optimizer.step(backend, 1, Set.of()).nonFinite()).isNull();
      }
    }
  }

  @Test
  void gradientsAreClippedTogetherAsTorchDoes() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor a = arena.of(START.clone(), 3);
      Tensor b = arena.of(new double[] {1, 1}, 2);
      Tensor ga = arena.of(new double[3], 3);
      Tensor gb = arena.of(new double[2], 2);
      Update.Clip together = new Update.Clip(0, 0.5, 0);
      Optimizer optimizer =
          new Adam(
              arena,
              List.of(
                  new ParameterGroup("weight", a, ga, 0.1, 1e-8, 0, 0, together),
                  new ParameterGroup("bias", b, gb, 0.1, 1e-8, 0, 0, together)),
              0.9,
              0.999,
              false);
      // torch 2.13.0: clip_grad_norm_([a, b], 0.5), then Adam([a, b], lr=0.1)
      double[] norms = {4.022536513196617, 0.7632168761236874, 3.159114116330716};
      for (int step = 0; step < 3; step++) {
        ga.set(GRADIENTS[step]);
        gb.set(new double[] {GRADIENTS[step][0], GRADIENTS[step][1]});
        UpdateResult result = optimizer.step(backend, 1, Set.of());
        assertThat(result.gradientNorm()).isEqualTo(norms[step], within(1e-14));
      }
      double[] weight = {0.3924301404982635, -1.2810619917119148, 1.8062576844530982};
      assertThat(a.toDoubles()).containsExactly(weight, within(1e-13));
      double[] bias = {0.8924301404982636, 0.9689380082880853};
      assertThat(b.toDoubles()).containsExactly(bias, within(1e-13));
      assertThat(ga.toDoubles()).containsExactly(GRADIENTS[2]); // only read
    }
  }

  @Test
  void aGradientThatIsNotFiniteIsNoStep() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor a = arena.of(START.clone(), 3);
      Tensor b = arena.of(START.clone(), 3);
      Tensor ga = arena.of(GRADIENTS[0].clone(), 3);
      Tensor gb = arena.of(new double[] {1, Double.NEGATIVE_INFINITY, 0}, 3);
      Optimizer optimizer =
          new Sgd(
              arena,
              List.of(
                  new ParameterGroup("weight", a, ga, 0.1, 0, 0, 0.9, NONE),
                  new ParameterGroup("proxies", b, gb, 0.1, 0, 0, 0, NONE)),
              false);
      assertThat(optimizer.moments()).containsOnlyKeys("weight.v"); // no momentum, no velocity
      UpdateResult result = optimizer.step(backend, 1, Set.of());
      assertThat(result.nonFinite()).isEqualTo("gradient of proxies");
      assertThat(a.toDoubles()).containsExactly(START);
      assertThat(optimizer.moments().get("weight.v").toDoubles()).containsOnly(0);
      assertThat(optimizer.steps()).isEqualTo(Map.of("weight", 0L, "proxies", 0L));
      result = optimizer.step(backend, 1, Set.of("proxies"));
      assertThat(result.nonFinite()).isNull();
      assertThat(optimizer.steps()).isEqualTo(Map.of("weight", 1L, "proxies", 0L));
      assertThat(optimizer.step(backend, 1, Set.of("weight", "proxies")).taken()).isTrue();
    }
  }

  @Test
  void averagesFollowTheParametersAsTorchDoes() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor p = arena.of(START.clone(), 3);
      ParameterAverage average = new ParameterAverage(arena, Map.of("weight", p), 0.9, false);
      ParameterAverage early = new ParameterAverage(arena, Map.of("weight", p), 0.3, true);
      double[] slow = START.clone();
      double[] quick = START.clone();
      for (int t = 0; t < 3; t++) {
        double[] now = p.toDoubles();
        double decay = Math.min(0.3, (1.0 + t) / (10.0 + t)); // 1/10, 2/11, 3/12
        for (int i = 0; i < 3; i++) {
          now[i] -= GRADIENTS[t][i];
          slow[i] = 0.9 * slow[i] + 0.1 * now[i];
          quick[i] = decay * quick[i] + (1 - decay) * now[i];
        }
        p.set(now);
        average.update(backend);
        early.update(backend);
      }
      assertThat(average.averages().get("weight").toDoubles())
          .containsExactly(slow, within(1e-14))
          // torch 2.13.0: AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
          .containsExactly(new double[] {0.3677, -1.33968, 1.1685}, within(1e-14));
      assertThat(early.averages().get("weight").toDoubles()).containsExactly(quick, within(1e-14));
      ParameterAverage resumed = new ParameterAverage(arena, Map.of("weight", p), 0.3, true);
      resumed.averages().get("weight").copyFrom(early.averages().get("weight"));
      resumed.restoreUpdates(early.updates());
      p.set(new double[] {9, 0, -1});
      early.update(backend);
      resumed.update(backend);
      assertThat(resumed.averages().get("weight").toDoubles())
          .containsExactly(early.averages().get("weight").toDoubles());
      assertThatThrownBy(() -> new ParameterAverage(arena, Map.of(), 1.5, false))
          .hasMessageContaining("decay must be from 0 to 1, found 1.5");
    }
  }

  @Test
  void singlePrecisionFollowsDoublePrecision() {
    Case c = new Case(1e-2, 1, 0);
    double[] p = threeSteps(c, true, groups -> arena -> new Adam(arena, groups, 0.9, 0.999, false));
    // Three steps round a handful of times at magnitude 2: 2^-24 * 2 * 8 is below 1e-6.
    assertThat(p).containsExactly(plainAdam(c, 0.9, 0.999, false), within(1e-6));
  }

  @Test
  void frozenGroupsKeepTheirBytesAndStartAfreshWhenThawed() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor weight = arena.of(START.clone(), 3);
      Tensor proxies = arena.of(START.clone(), 3);
      Tensor gradient = arena.of(new double[] {0.3, -0.02, 4.0}, 3);
      Optimizer optimizer =
          new Adam(
              arena,
              List.of(
                  new ParameterGroup("weight", weight, gradient, 0.1, 1e-8, 0.5, 0, NONE),
                  new ParameterGroup("proxies", proxies, gradient, 0.1, 1e-8, 0, 0, NONE)),
              0.9,
              0.999,
              false);
      optimizer.step(backend, 1, Set.of("weight"));
      optimizer.step(backend, 1, Set.of("weight"));
      assertThat(weight.toDoubles()).containsExactly(START);
      assertThat(optimizer.moments().get("weight.m").toDoubles()).containsOnly(0);
      assertThat(optimizer.moments().get("weight.v").toDoubles()).containsOnly(0);
      assertThat(proxies.toDoubles()).doesNotContain(START);
      assertThat(optimizer.steps()).isEqualTo(Map.of("weight", 0L, "proxies", 2L));
      optimizer.step(backend, 1, Set.of());
      // A first Adam step moves every element by lr against its gradient's sign.
      assertThat(weight.at(0)).isCloseTo(0.4, within(1e-6));
    }
  }

  @Test
  void gradientsAreClippedByValueInTheirGroupOnly() {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor a = arena.of(new double[2], 2);
      Tensor b = arena.of(new double[2], 2);
      Tensor ga = arena.of(new double[] {50, -3}, 2);
      Tensor gb = arena.of(new double[] {50, -3}, 2);
      Optimizer optimizer =
          new Sgd(
              arena,
              List.of(
                  new ParameterGroup("weight", a, ga, 1, 0, 0, 0, new Update.Clip(10, 0, 0)),
                  new ParameterGroup("proxies", b, gb, 1, 0, 0, 0, NONE)),
              false);
      optimizer.step(backend, 0.5, Set.of());
      assertThat(a.toDoubles()).containsExactly(-5, 1.5);
      assertThat(b.toDoubles()).containsExactly(-25, 1.5);
    }
  }

  @Test
  void wrongGroupsAreRefused() {
    try (Arena arena = Arena.host()) {
      Tensor p = arena.of(new double[2], 2);
      Tensor other = arena.of(new double[3], 3);
      refused(
          () -> new ParameterGroup("weight", p, other, 1, 0, 0, 0, NONE),
          "group weight: parameter");
      assertThatThrownBy(() -> new ParameterGroup("weight", p, p, -1, 0, 0, 0, NONE))
          .hasMessageContaining("lr must be finite and at least 0");
      assertThatThrownBy(() -> new ParameterGroup("weight", p, p, 1, Double.NaN, 0, 0, NONE))
          .hasMessageContaining("eps must be finite");
      ParameterGroup group = new ParameterGroup("weight", p, p, 1, 1, 0, 0, NONE);
      assertThatThrownBy(() -> new Sgd(arena, List.of(group, group), false))
          .hasMessageContaining("two groups are named weight");
      Optimizer optimizer = new Sgd(arena, List.of(group), false);
      assertThatThrownBy(() -> optimizer.restoreSteps(Map.of("proxies", 1L)))
          .hasMessageContaining("expected [weight]");
    }
  }
}
