/**
 * What a whole data set looks like through its neighbours: which classes ask to be relabelled, how
 * pure a sample's neighbourhood is, whether an influence keeps its direction, and whether the worst
 * classes are the same for every seed and loss.
 */
package io.vicinal.curate.study;
