package io.vicinal.loss.tuple;

import io.vicinal.backend.Backend;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.program.Executable;
import io.vicinal.program.Expr;
import io.vicinal.program.Forward;
import io.vicinal.program.Program;
import io.vicinal.program.Reverse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A tuple loss as programs: its value with gradients, and its Hessian-vector product. Inputs are
 * {@code embedding} [B, d], {@code labels} [B], learned parameters by name, and of mined tuples
 * {@code anchors} with {@code positives} and {@code negatives}, or {@code others} and {@code signs}
 * (1 for a positive, 0 for a negative), all int [m]; of quadruplets {@code fourths} too; of sets
 * {@code positives} and {@code negatives}, real [B, R], 1 where there is one; R is B. With a memory
 * {@code references} [R, d], the first B of which are the batch again, and {@code reference-labels}
 * [R]. Outputs: {@code loss}, {@code tuples}, {@code active} and {@code gradient.INPUT}; the
 * product takes {@code direction.INPUT} and gives {@code tangent.gradient.INPUT}.
 */
public final class TupleProgram {
  private final Program gradient;
  private final List<String> variables;

  /**
   * @param loss the formula
   * @param mined the shape of given tuples, null for all that the labels allow
   * @param normalized whether embeddings are divided by their lengths first
   */
  public TupleProgram(TupleLoss loss, Tuples mined, boolean normalized) {
    this(loss, new Batch(mined, normalized, false), List.of("embedding"));
  }

  /**
   * A loss between a batch and the batch with what is remembered of earlier ones.
   *
   * @param mined as above; anchors are of the batch
   */
  public static TupleProgram withMemory(TupleLoss loss, Tuples mined, boolean normalized) {
    Batch batch = new Batch(mined, normalized, true);
    return new TupleProgram(loss, batch, List.of("embedding", "references"));
  }

  /** Whether a loss compares samples with each other, not with what it learns alone. */
  public static boolean comparesSamples(TupleLoss loss) {
    Batch batch = new Batch(null, true, true);
    loss.value(batch);
    return batch.hasReferences();
  }

  /** Whether a loss with a memory compares all references with each other, too: R² numbers. */
  public static boolean comparesReferences(TupleLoss loss) {
    Batch batch = new Batch(null, true, true);
    loss.value(batch);
    return batch.comparesReferences();
  }

  private TupleProgram(TupleLoss loss, Batch batch, List<String> compared) {
    Map<String, Expr> outputs = new LinkedHashMap<>();
    outputs.put("loss", loss.value(batch));
    if (batch.tuples() != null) {
      outputs.put("tuples", batch.tuples());
      outputs.put("active", batch.active());
    }
    variables =
        Stream.concat(compared.stream(), loss.learned().stream().map(LearnedParameter::name))
            .toList();
    gradient = Reverse.of(new Program(outputs), "loss", variables);
  }

  /** What gradients are taken of: "embedding", "references" and the learned parameters. */
  public List<String> variables() {
    return variables;
  }

  /** Value and gradients. */
  public Program gradient() {
    return gradient;
  }

  /** The Hessian along directions of all variables, jointly. */
  public Program product() {
    List<String> gradients = variables.stream().map("gradient."::concat).toList();
    return Forward.of(gradient, gradients, variables);
  }

  /** {@link #gradient} on a device. */
  public Executable gradient(Backend backend) {
    return new Executable(backend, gradient);
  }

  /** {@link #product} on a device. */
  public Executable product(Backend backend) {
    return new Executable(backend, product());
  }
}
