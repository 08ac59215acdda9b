/**
 * The operations that every device offers. {@link io.vicinal.backend.Backend} is the list of them,
 * {@link io.vicinal.backend.BackendProvider} how devices are found, {@code backend.engine} any
 * device behind the C ABI, {@code backend.jni} the generated binding that only backends touch.
 */
package io.vicinal.backend;
