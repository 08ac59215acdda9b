/**
 * What is asked: wrong neighbours of a test set, as pairs, classes and groups, and the quantities
 * of embeddings that are explained (distances, margins, recall), with their gradients.
 */
package io.vicinal.influence.query;
