/** Which samples make a batch: seeded samplers whose state can be saved and restored exactly. */
package io.vicinal.sample;
