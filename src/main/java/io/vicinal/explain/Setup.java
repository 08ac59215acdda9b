package io.vicinal.explain;

import io.vicinal.backend.Backend;
import io.vicinal.influence.solve.Progress;

/**
 * What an {@link Explainer} computes with. Immutable.
 *
 * @param backend where
 * @param subject what is explained
 * @param options how
 * @param pieces where finished work is kept
 * @param progress who hears how far it is
 */
record Setup(
    Backend backend, Subject subject, ExplainerOptions options, Pieces pieces, Progress progress) {}
