/**
 * Mislabelled samples: detectors that rank them, curves that judge a ranking when the truth is
 * known, and an estimate of how many there are when it is not.
 */
package io.vicinal.curate.noise;
