package io.vicinal.backend;

import io.vicinal.tensor.Tensor;

/**
 * The parameters of a linear head and its proxies, or a gradient or direction of the same shapes.
 * As parameters, weight and proxies are needed and a null bias is zero; as a gradient or output,
 * null is not computed; as a direction, null is zero.
 *
 * <p>Immutable as a record; its tensors are shared, and writing to them is for one thread at a
 * time.
 *
 * @param weight [d, D]
 * @param bias [d], or null
 * @param proxies [C*K, d]; class c owns rows cK..cK+K-1
 */
public record HeadTensors(Tensor weight, Tensor bias, Tensor proxies) {}
