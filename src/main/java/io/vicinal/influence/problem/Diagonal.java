package io.vicinal.influence.problem;

import io.vicinal.tensor.Tensor;

/**
 * A diagonal matrix over a problem's parameters. Its tensors are shared and not to be changed.
 *
 * @param weight [d, D]
 * @param proxies [C*K, d], or null if they are constants
 */
public record Diagonal(Tensor weight, Tensor proxies) {}
