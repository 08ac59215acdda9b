/** Training a head on cached features, with checkpoints that survive a crash at any moment. */
package io.vicinal.train;
