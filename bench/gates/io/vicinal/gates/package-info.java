/**
 * The acceptance gates of influence estimation: how well predictions agree with retraining, on a
 * toy and on real data, with the negative controls. Shared by the tests and the benchmark; see
 * {@link io.vicinal.gates.Gates}.
 */
package io.vicinal.gates;
