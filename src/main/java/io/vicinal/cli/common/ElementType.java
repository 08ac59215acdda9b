package io.vicinal.cli.common;

import io.vicinal.tensor.DType;

/** The element types that commands compute in, under NumPy's names. */
public enum ElementType {
  float32(DType.F32),
  float64(DType.F64);

  private final DType dtype;

  ElementType(DType dtype) {
    this.dtype = dtype;
  }

  public DType dtype() {
    return dtype;
  }

  public static String name(DType dtype) {
    return dtype == DType.F64 ? float64.name() : float32.name();
  }
}
