/**
 * The built-in device: {@link io.vicinal.backend.cpu.CpuBackend} checks what it is given, borrows
 * an engine and calls the native library. Only {@code Backend.open} makes one.
 */
package io.vicinal.backend.cpu;
