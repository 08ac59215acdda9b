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
