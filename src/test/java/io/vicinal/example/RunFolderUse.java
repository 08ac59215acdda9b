package io.vicinal.example;

import io.vicinal.data.ClassLabels;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Rows;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.tensor.Arena;
import io.vicinal.train.RunMode;
import io.vicinal.train.TrainResult;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingListener;
import io.vicinal.train.TrainingOptions;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** Trains in a folder: killed at any moment and called again, it ends with the same head. */
public final class RunFolderUse {
  public static TrainResult train(FloatBuffer features, int width, int[] labels, Path folder) {
    TrainingOptions options =
        TrainingOptions.of(new ProxyAnchor()).balancedBatch(3, 8).earlyStop(5).epochs(20).seed(1);
    TrainingListener printing =
        new TrainingListener() {
          @Override
          public void epochEnded(Epoch epoch) {
            System.out.println(epoch.epoch() + ": " + epoch.loss() + " " + epoch.validation());
          }
        };
    try (Arena arena = Arena.host()) {
      FeatureSet data =
          FeatureSet.of(arena, Rows.of(features, width), ClassLabels.of(labels), "my features");
      return Trainer.train(options.config(), data, folder, RunMode.RESUME, printing);
    }
  }
}
