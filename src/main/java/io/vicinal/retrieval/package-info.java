/**
 * Exact nearest neighbours and the retrieval and clustering metrics of metric learning.
 *
 * <p>Start with {@link io.vicinal.retrieval.Evaluator}, {@link io.vicinal.retrieval.MetricId} and
 * {@link io.vicinal.retrieval.Neighbours}. Definitions, dialects and rules for ties and lone
 * queries are in docs/metrics.md.
 *
 * <p>Letters: Q queries, G gallery rows, d embedding width, k neighbours, R relevant gallery rows
 * of a query.
 */
package io.vicinal.retrieval;
