package io.vicinal.train;

import com.google.gson.JsonObject;
import io.vicinal.nn.Parameters;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.Schedule;
import io.vicinal.sample.Sampler;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/** Where a run keeps what it makes: in a folder, or in the process's memory. */
interface RunKeeper {
  /**
   * What a run consists of; a checkpoint holds the state of all.
   *
   * @param averages of the parameters, by name; none where none are kept
   */
  record State(
      Trainable model,
      Map<String, Tensor> averages,
      Optimizer optimizer,
      Schedule schedule,
      Sampler sampler) {}

  /**
   * Called once, before the first step.
   *
   * @param resume goes on from the last checkpoint, if there is one
   * @return where that checkpoint stood, its state restored; null when the run begins
   */
  RunState begin(State state, boolean resume);

  /** A line of metrics at the end of an epoch, before {@link #save}. */
  void log(String line);

  /** A checkpoint: where the run can go on. */
  void save(RunState progress);

  /** The best head so far, with what its loss learned, in place of any before. */
  void saveHead(Parameters head, Map<String, String> metadata);

  /**
   * The end by a NaN or infinity.
   *
   * @return what is kept, and how to train again, such as "train again with "
   */
  String diverged(JsonObject facts);

  /** The good end. */
  void finished(JsonObject result);
}
