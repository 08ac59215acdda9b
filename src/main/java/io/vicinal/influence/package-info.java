/**
 * Which training samples are to blame: confusions of a head, how each training sample moves them,
 * and whether retraining agrees.
 */
package io.vicinal.influence;
