package io.vicinal.example;

import io.vicinal.data.ClassLabels;
import io.vicinal.data.Rows;
import io.vicinal.train.TrainedHead;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Trains with several learning rates side by side, one thread each. */
public final class ThreadsUse {
  public static List<Double> validation(
      Rows x, ClassLabels y, TrainingOptions options, double... rates)
      throws InterruptedException, ExecutionException {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      List<Future<Double>> running = new ArrayList<>();
      for (double rate : rates) {
        running.add(
            pool.submit(
                () -> {
                  try (TrainedHead head = Trainer.train(x, y, options.adam(rate).threads(1))) {
                    return head.validation().get("map@r");
                  }
                }));
      }
      List<Double> values = new ArrayList<>();
      for (Future<Double> one : running) {
        values.add(one.get());
      }
      return values;
    } finally {
      pool.shutdownNow(); // interrupts: a training stops within a second
    }
  }
}
