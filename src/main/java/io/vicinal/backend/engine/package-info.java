/**
 * Devices behind the C ABI: {@link io.vicinal.backend.engine.EngineBackend} checks what it is
 * given, borrows an engine and calls the native library. Only {@code Backend.open} makes one.
 */
package io.vicinal.backend.engine;
