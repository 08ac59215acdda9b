/**
 * The programs of the GPU kit: {@link io.vicinal.kit.Check} compares every operation of a device
 * with the processor, {@link io.vicinal.kit.GpuBench} times it.
 */
package io.vicinal.kit;
