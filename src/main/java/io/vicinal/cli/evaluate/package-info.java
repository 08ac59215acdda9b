/**
 * {@code vicinal evaluate}: metrics of embeddings. {@link io.vicinal.cli.evaluate.EvaluateCommand}
 * reads, asks {@link io.vicinal.retrieval.Evaluator} and prints; what single metrics need, the
 * operating threshold, the list of uncertain rows and the JSON have a class each.
 */
package io.vicinal.cli.evaluate;
