package io.vicinal.example;

import io.vicinal.backend.Backend;
import io.vicinal.program.Executable;
import io.vicinal.program.Expr;
import io.vicinal.program.Forward;
import io.vicinal.program.Graph;
import io.vicinal.program.Program;
import io.vicinal.program.Reverse;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** A formula as a program, and what is derived from it. */
public final class ProgramUse {
  private ProgramUse() {}

  /** The mean of exp(s) over the cosines s of a batch with itself, and its gradient. */
  public static Program gradient() {
    Graph graph = new Graph();
    Expr x = graph.real("embedding", "B", "d");
    Expr s = x.cosines(); // [B, B]
    Program value = new Program(Map.of("loss", s.exp().mean()));
    return Reverse.of(value, "loss", List.of("embedding")); // adds gradient.embedding
  }

  /** The Hessian of it times a direction: forward over reverse, exact. */
  public static Tensor product(Arena arena, Tensor embeddings, Tensor direction) {
    Program product = Forward.of(gradient(), List.of("gradient.embedding"), List.of("embedding"));
    try (Backend backend = Backend.cpu();
        Executable run = new Executable(backend, product)) {
      return run.run(arena, Map.of("embedding", embeddings, "direction.embedding", direction))
          .get("tangent.gradient.embedding");
    }
  }
}
