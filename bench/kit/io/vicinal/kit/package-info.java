/**
 * What the GPU kit checks: {@link io.vicinal.kit.Check} compares every operation of a device with
 * the processor.
 */
package io.vicinal.kit;
