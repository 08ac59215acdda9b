/**
 * The front door to influence and curation: {@link io.vicinal.explain.Explainer} is made of a head
 * with its training and test samples and says whom to blame, whether that holds, and which labels
 * are wrong. The command line is one of its callers.
 */
package io.vicinal.explain;
