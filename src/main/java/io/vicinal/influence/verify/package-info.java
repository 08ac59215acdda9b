/**
 * Whether predictions come true: the head is re-solved without some training samples, with other
 * weights or labels, and what the test measurements really do is compared with what was predicted.
 * Read {@link io.vicinal.influence.verify.Edit}, then {@link
 * io.vicinal.influence.verify.Retraining}.
 */
package io.vicinal.influence.verify;
