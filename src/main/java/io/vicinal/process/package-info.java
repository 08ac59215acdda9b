/**
 * The process and its surroundings: what affinity, control groups and {@code ulimit} grant, the
 * queue in which native calls wait for worker threads, and the folder that native libraries are
 * unpacked into.
 */
package io.vicinal.process;
