package io.vicinal.train;

import com.google.gson.JsonObject;
import io.vicinal.data.AtomicFile;
import io.vicinal.nn.Parameters;
import java.util.Map;

/** Keeps a run in its folder, so that it survives the process. */
final class FolderKeeper implements RunKeeper {
  private final RunFolder folder;
  private Checkpoint checkpoint;
  private MetricsLog log;

  FolderKeeper(RunFolder folder) {
    this.folder = folder;
  }

  @Override
  public RunState begin(State state, boolean resume) {
    checkpoint = new Checkpoint(folder.checkpoint(), state);
    RunState saved = resume ? checkpoint.restore() : null;
    log = MetricsLog.open(folder.metrics(), saved == null ? 0 : saved.metricsBytes);
    return saved;
  }

  @Override
  public void log(String line) {
    log.append(line);
  }

  @Override
  public void save(RunState progress) {
    progress.metricsBytes = log.bytes();
    checkpoint.save(progress);
  }

  @Override
  public void saveHead(Parameters head, Map<String, String> metadata) {
    head.save(folder.head(), metadata);
  }

  @Override
  public String diverged(JsonObject facts) {
    AtomicFile.writeText(folder.diverged(), facts + "\n");
    String kept =
        checkpoint.exists()
            ? "what was good until the last checkpoint is kept, "
            : "nothing is kept, since there is no checkpoint yet; ";
    return kept + folder.diverged() + " has the whole batch; --restart with ";
  }

  @Override
  public void finished(JsonObject result) {
    RunFolder.write(folder.result(), result);
  }
}
