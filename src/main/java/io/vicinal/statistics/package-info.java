/**
 * The statistics that compare predictions with retraining and one method with another:
 * correlations, paired tests, bootstrap intervals, effect sizes. Plain arrays in, plain records
 * out; t distribution, ranking and the normal approximation are Apache Commons Statistics'.
 */
package io.vicinal.statistics;
