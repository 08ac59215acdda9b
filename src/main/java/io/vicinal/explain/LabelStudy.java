package io.vicinal.explain;

import io.vicinal.curate.study.FieldStudy;
import io.vicinal.curate.study.NoiseStudy;

/**
 * What the labels of a whole training set look like. Immutable.
 *
 * @param field recommended labels, counted by class
 * @param noise the samples that are known to be wrong; null if none are known, or no test sample is
 *     confused
 */
public record LabelStudy(FieldStudy field, NoiseStudy noise) {}
