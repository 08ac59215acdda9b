package io.vicinal.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  /** The factor after each epoch. */
  private static double[] trace(Schedule schedule, double... metrics) {
    double[] factors = new double[metrics.length];
    for (int i = 0; i < metrics.length; i++) {
      schedule.epochEnded(metrics[i]);
      factors[i] = schedule.factor();
    }
    return factors;
  }

  @Test
  void milestonesFollowTorch() {
    // torch 2.13.0: MultiStepLR(milestones=[2, 5], gamma=0.1)
    assertThat(trace(StepSchedule.at(List.of(2L, 5L), 0.1), new double[7]))
        .containsExactly(new double[] {1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01}, within(1e-15));
    assertThat(trace(StepSchedule.every(3, 0.5), new double[7]))
        .containsExactly(1, 1, 0.5, 0.5, 0.5, 0.25, 0.25);
  }

  @Test
  void plateausFollowTorch() {
    double[] metrics = {
      0.1, 0.2, 0.20001, 0.19, 0.2, 0.2, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.50005, 0.3
    };
    // torch 2.13.0: ReduceLROnPlateau(mode="max", factor=0.1, patience=2)
    double[] torch = {1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001};
    assertThat(trace(new PlateauSchedule(0.1, 2), metrics)).containsExactly(torch, within(1e-15));
  }

  @Test
  void epochsWithoutEvaluationDoNotCount() {
    double nan = Double.NaN;
    assertThat(trace(new PlateauSchedule(0.5, 1), 0.3, nan, 0.2, nan, nan, 0.1))
        .containsExactly(1, 1, 1, 1, 1, 0.5);
  }

  /** The factor of each step, over epochs of so many. */
  private static double[] steps(Schedule schedule, int count, int perEpoch) {
    double[] factors = new double[count];
    for (int i = 0; i < count; i++) {
      factors[i] = schedule.factor();
      schedule.stepEnded();
      if ((i + 1) % perEpoch == 0) {
        schedule.epochEnded(Double.NaN);
      }
    }
    return factors;
  }

  @Test
  void cosinesFollowTorchAndStayOnTheirFloor() {
    // torch 2.13.0: CosineAnnealingLR(T_max=8, eta_min=0.1) of a rate of 1, stepped 8 times
    double[] torch = {
      1.0,
      0.9657457896300791,
      0.8681980515339464,
      0.7222075445642905,
      0.55,
      0.3777924554357097,
      0.2318019484660537,
      0.134254210369921,
      0.1,
      0.1,
      0.1
    };
    assertThat(steps(new CosineSchedule(0, 8, 0.1), 11, 3)).containsExactly(torch, within(1e-14));
    // SequentialLR([LinearLR(start_factor=0.1, total_iters=3), CosineAnnealingLR(T_max=7)], [3])
    double[] warm = {
      0.1,
      0.39999999999999997,
      0.7,
      1.0,
      0.9504844339512095,
      0.8117449009293668,
      0.6112604669781572,
      0.38873953302184283,
      0.18825509907063326,
      0.04951556604879048,
      0
    };
    assertThat(steps(new WarmupSchedule(new CosineSchedule(3, 10, 0), 3, 0.1), 11, 4))
        .containsExactly(warm, within(1e-14));
  }

  @Test
  void warmUpsFollowTorch() {
    // torch 2.13.0: LinearLR(start_factor=0.2, total_iters=4)
    assertThat(steps(new WarmupSchedule(new ConstantSchedule(), 4, 0.2), 7, 2))
        .containsExactly(new double[] {0.2, 0.4, 0.6, 0.8, 1, 1, 1}, within(1e-15));
    // ChainedScheduler([LinearLR(start_factor=0.25, total_iters=6), StepLR(step_size=4,
    // gamma=0.5)])
    double[] chained = {0.25, 0.375, 0.5, 0.625, 0.375, 0.4375, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25};
    assertThat(steps(new WarmupSchedule(StepSchedule.every(2, 0.5), 6, 0.25), 12, 2))
        .containsExactly(chained, within(1e-15));
    // torch's LinearLR with start_factor 1/3, its default, over one step
    assertThat(steps(new WarmupSchedule(new ConstantSchedule(), 1, 1 / 3.0), 2, 1))
        .containsExactly(1 / 3.0, 1);
  }

  private static List<Schedule> all() {
    return List.of(
        new ConstantSchedule(),
        StepSchedule.every(3, 0.3),
        StepSchedule.at(List.of(1L, 4L, 6L), 0.3),
        new PlateauSchedule(0.3, 1),
        new CosineSchedule(3, 29, 0.01),
        new WarmupSchedule(new PlateauSchedule(0.3, 0), 17, 0.1),
        new WarmupSchedule(new CosineSchedule(11, 29, 0), 11, 0));
  }

  @Test
  void statesOfEveryStepRestoreExactly() {
    double[] metrics = {0.3, 0.2, 0.1, 0.35, 0.3, 0.2, 0.1, 0.05};
    for (int cut = 0; cut < 4 * metrics.length; cut++) {
      List<Schedule> schedules = all();
      List<Schedule> twins = all();
      for (int s = 0; s < schedules.size(); s++) {
        Schedule schedule = schedules.get(s);
        Schedule twin = twins.get(s);
        for (int step = 0; step < 4 * metrics.length; step++) {
          if (step == cut) {
            twin.restore(schedule.state());
          }
          if (step >= cut) {
            assertThat(twin.factor()).isEqualTo(schedule.factor());
          }
          for (Schedule one : step < cut ? List.of(schedule) : List.of(schedule, twin)) {
            one.stepEnded();
            if (step % 4 == 3) {
              one.epochEnded(metrics[step / 4]);
            }
          }
        }
        assertThat(twin.state()).containsExactly(schedule.state());
      }
    }
  }

  @Test
  void statesRestoreExactly() {
    double[] metrics = {0.3, 0.2, 0.1, 0.35, 0.3, 0.2, 0.1, 0.05};
    for (int cut = 0; cut < metrics.length; cut++) {
      List<Schedule> schedules =
          List.of(
              new ConstantSchedule(),
              StepSchedule.every(3, 0.3),
              StepSchedule.at(List.of(1L, 4L, 6L), 0.3),
              new PlateauSchedule(0.3, 1));
      List<Schedule> twins =
          List.of(
              new ConstantSchedule(),
              StepSchedule.every(3, 0.3),
              StepSchedule.at(List.of(1L, 4L, 6L), 0.3),
              new PlateauSchedule(0.3, 1));
      for (int s = 0; s < schedules.size(); s++) {
        for (int i = 0; i < metrics.length; i++) {
          schedules.get(s).epochEnded(metrics[i]);
          if (i == cut) {
            twins.get(s).restore(schedules.get(s).state());
          } else if (i > cut) {
            twins.get(s).epochEnded(metrics[i]);
          }
        }
        assertThat(twins.get(s).state()).containsExactly(schedules.get(s).state());
      }
    }
    assertThatThrownBy(() -> new ConstantSchedule().restore(new double[1]))
        .hasMessageContaining("expected 0 numbers, found 1");
  }
}
