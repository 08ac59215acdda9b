/**
 * Off-heap numbers with one owner: an {@link io.vicinal.tensor.Arena} owns memory, a {@link
 * io.vicinal.tensor.Tensor} is a view of it, and a {@link io.vicinal.tensor.Lease} keeps it mapped
 * while native code reads it. Read in that order.
 */
package io.vicinal.tensor;
