package io.vicinal.backend;

/** How a matrix enters a product. The order is that of the native library's numbers. */
public enum Transpose {
  /** As it lies. */
  N,
  /** Transposed. */
  T
}
