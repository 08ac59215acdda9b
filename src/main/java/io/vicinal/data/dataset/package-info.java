/**
 * Published and own collections of pictures behind one type, {@link
 * io.vicinal.data.dataset.Dataset}: what there is and of which class, without a look into a
 * picture. {@link io.vicinal.data.dataset.Datasets} is the registry of formats.
 */
package io.vicinal.data.dataset;
