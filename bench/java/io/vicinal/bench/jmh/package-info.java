/**
 * What a Java caller feels: the cost of a call, small batches, a training step, reading a file. Not
 * for kernels.
 */
package io.vicinal.bench.jmh;
