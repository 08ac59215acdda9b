/**
 * Deep metric learning for the JVM. This package holds what every other package may use: the
 * exceptions. Start at {@code io.vicinal.train.Trainer} to train, {@code
 * io.vicinal.retrieval.Evaluator} to measure, {@code io.vicinal.backend.Backend} for the operations
 * below both.
 */
package io.vicinal;
