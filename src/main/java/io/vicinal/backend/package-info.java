/**
 * The operations that every device offers. {@link io.vicinal.backend.Backend} is the list of them,
 * {@code backend.engine} the built-in device, {@code backend.jni} the generated binding that only
 * backends touch.
 */
package io.vicinal.backend;
