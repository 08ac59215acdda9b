/**
 * Programs: losses and networks as expressions whose derivatives are derived.
 *
 * <pre>{@code
 * Graph graph = new Graph();
 * Expr x = graph.real("embedding", "B", "d");
 * Expr labels = graph.integer("labels", "B");
 *
 * Expr cosines = x.cosines();
 * Expr alike = labels.column().sameAs(labels.row());
 * Expr loss = cosines.mean(alike.not()).minus(cosines.mean(alike));
 *
 * Program value = new Program(Map.of("loss", loss));
 * Program gradient = Reverse.of(value, "loss", List.of("embedding"));
 * Program hvp = Forward.of(gradient, List.of("gradient.embedding"), List.of("embedding"));
 * }</pre>
 *
 * <p>{@link io.vicinal.program.Operation} lists what there is, each with its derivative in the same
 * operations; {@link io.vicinal.program.Reverse} and {@link io.vicinal.program.Forward} turn
 * programs into programs, and their outcome may be turned again.
 */
package io.vicinal.program;
