package io.vicinal.backend;

import io.vicinal.tensor.Tensor;

/**
 * m directions, right-hand sides or products in the space of a head's weight and proxies. As an
 * input a null part is zero (not both); as an output a null part is not computed.
 *
 * <p>Immutable as a record; its tensors are shared, and writing to them is for one thread at a
 * time.
 *
 * @param weight [m, d, D], or null
 * @param proxies [m, C*K, d], or null
 */
public record Directions(Tensor weight, Tensor proxies) {}
