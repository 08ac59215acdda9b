/**
 * New labels for suspicious samples: proposals with probabilities, abstention and "none of these",
 * their accuracy where the truth is known, and retraining with them.
 */
package io.vicinal.curate.relabel;
