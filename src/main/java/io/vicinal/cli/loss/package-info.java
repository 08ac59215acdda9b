/**
 * {@code vicinal loss}: one loss on the arrays of one batch. {@link
 * io.vicinal.cli.loss.LossCommand} reads and writes; a {@link io.vicinal.cli.loss.LossRun}
 * computes, one kind for losses against proxies with kernels of their own, one for losses that are
 * programs.
 */
package io.vicinal.cli.loss;
