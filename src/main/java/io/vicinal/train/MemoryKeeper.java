package io.vicinal.train;

import com.google.gson.JsonObject;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Arena;
import java.util.Map;

/** Keeps a run's best head in memory and nothing else: a run of a moment begins anew. */
final class MemoryKeeper implements RunKeeper {
  private final Arena arena;
  private Parameters head;
  private Map<String, String> metadata;

  /**
   * @param arena owner of the head that is kept
   */
  MemoryKeeper(Arena arena) {
    this.arena = arena;
  }

  /** The best head, with what its loss learned. */
  Parameters head() {
    return head;
  }

  /** What {@link Parameters#save} writes beside it. */
  Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public RunState begin(State state, boolean resume) {
    return null;
  }

  @Override
  public void log(String line) {}

  @Override
  public void save(RunState progress) {}

  @Override
  public void saveHead(Parameters best, Map<String, String> text) {
    if (head == null) {
      head = best.copy(arena);
    } else {
      head.copyFrom(best);
    }
    metadata = text;
  }

  @Override
  public String diverged(JsonObject facts) {
    return "train again with ";
  }

  @Override
  public void finished(JsonObject result) {}
}
