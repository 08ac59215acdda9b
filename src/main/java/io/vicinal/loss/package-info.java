/**
 * The proxy losses by name, with their parameters checked. {@link io.vicinal.loss.Losses} is the
 * registry; each record is one loss, its formula and its source. The arithmetic is the backend's.
 */
package io.vicinal.loss;
