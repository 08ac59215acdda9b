/**
 * Quantities of test embeddings that can be explained: distances, margins, recall, with their
 * gradients.
 */
package io.vicinal.influence.measure;
