package io.vicinal.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A run's whole state on disk, replaced atomically.
 *
 * <p>Arrays (parameters, moments, what a loss remembers, sampler with its generator) go to {@code
 * state-N.safetensors}, each N a new file; {@code checkpoint.json} names that file and holds the
 * numbers. Both are written under a temporary name, flushed and renamed; the rename of {@code
 * checkpoint.json} is the moment when the new checkpoint counts. Older state files are removed
 * after it. A crash at any moment therefore leaves the old checkpoint or the new one.
 */
final class Checkpoint {

  private static final int FORMAT = 1;
  private static final String JSON = "checkpoint.json";
  private static final String STATE = "state-";
  private static final String SAMPLER = "sampler.";
  private static final String BUFFER = "buffer.";

  private final Path folder;
  private final RunKeeper.State run;
  private long number; // of the last state file

  Checkpoint(Path folder, RunKeeper.State run) {
    this.folder = folder;
    this.run = run;
  }

  /** Whether there is one. */
  boolean exists() {
    return number > 0;
  }

  void save(RunState progress) {
    String state = STATE + (number + 1) + ".safetensors";
    try (Arena arena = Arena.host()) {
      Map<String, Tensor> tensors = tensors();
      run.sampler()
          .state()
          .forEach((name, values) -> tensors.put(SAMPLER + name, arena.of(values, values.length)));
      Safetensors.write(folder.resolve(state), tensors, Map.of("format", "vicinal checkpoint 1"));
    }
    RunFolder.write(folder.resolve(JSON), json(progress, state));
    number++;
    removeOthers(state);
  }

  /** Parameters, moments, averages and buffers by name, in a fixed order. */
  private Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>(run.model().parameters().named());
    tensors.putAll(new TreeMap<>(run.optimizer().moments()));
    tensors.putAll(run.averages());
    new TreeMap<>(run.model().buffers())
        .forEach((name, tensor) -> tensors.put(BUFFER + name, tensor));
    return tensors;
  }

  private JsonObject json(RunState progress, String state) {
    JsonObject o = new JsonObject();
    o.addProperty("format", FORMAT);
    o.addProperty("number", number + 1);
    o.addProperty("state", state);
    o.add("progress", progress.json());
    JsonObject steps = new JsonObject();
    run.optimizer().steps().forEach(steps::addProperty);
    o.add("optimizerSteps", steps);
    JsonArray numbers = new JsonArray();
    for (double value : run.schedule().state()) {
      numbers.add(Double.toString(value));
    }
    o.add("schedule", numbers);
    return o;
  }

  private void removeOthers(String kept) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.matches(STATE + "\\d+\\.safetensors") && !name.equals(kept)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      // An old state file only takes room; the next checkpoint tries again.
    }
  }

  /**
   * Restores every part from the last checkpoint.
   *
   * @return null when there is no checkpoint yet
   * @throws InputException when it is damaged or belongs to another configuration
   */
  RunState restore() {
    Path file = folder.resolve(JSON);
    try {
      JsonObject o = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      if (o.get("format").getAsInt() != FORMAT) {
        throw new IllegalArgumentException("format " + o.get("format") + " is not " + FORMAT);
      }
      RunState progress = RunState.of(o.getAsJsonObject("progress"));
      restoreArrays(folder.resolve(o.get("state").getAsString()));
      restoreNumbers(o);
      number = o.get("number").getAsLong();
      return progress;
    } catch (NoSuchFileException e) {
      return null;
    } catch (InputException e) {
      throw e; // the array file names itself
    } catch (IOException | RuntimeException e) {
      throw damaged(file, e); // not ours, or not whole: any accessor may be the one that notices
    }
  }

  private static InputException damaged(Path file, Exception e) {
    String why = e instanceof JsonParseException ? "not JSON" : "an entry is missing or wrong";
    return new InputException(
        file + ": the checkpoint is damaged or foreign (" + why + "); start the run over", e);
  }

  private void restoreArrays(Path file) {
    try (Arena arena = Arena.host()) {
      Map<String, Tensor> saved = Safetensors.read(file, arena);
      for (Map.Entry<String, Tensor> own : tensors().entrySet()) {
        Tensor tensor = saved.get(own.getKey());
        boolean fits =
            tensor != null
                && tensor.dtype() == own.getValue().dtype()
                && tensor.shape().equals(own.getValue().shape());
        if (!fits) {
          throw new IllegalArgumentException(
              file.getFileName() + " has no " + own.getKey() + " of " + own.getValue());
        }
        own.getValue().copyFrom(tensor);
      }
      Map<String, long[]> arrays = new LinkedHashMap<>();
      saved.forEach(
          (name, tensor) -> {
            if (name.startsWith(SAMPLER)) {
              arrays.put(name.substring(SAMPLER.length()), tensor.toLongs());
            }
          });
      run.sampler().restore(arrays);
    }
  }

  private void restoreNumbers(JsonObject o) {
    Map<String, Long> steps = new LinkedHashMap<>();
    o.getAsJsonObject("optimizerSteps")
        .entrySet()
        .forEach(entry -> steps.put(entry.getKey(), entry.getValue().getAsLong()));
    run.optimizer().restoreSteps(steps);
    List<JsonElement> numbers = o.getAsJsonArray("schedule").asList();
    run.schedule()
        .restore(numbers.stream().mapToDouble(n -> Double.parseDouble(n.getAsString())).toArray());
  }
}
