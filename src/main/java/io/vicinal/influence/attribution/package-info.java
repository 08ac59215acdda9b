/**
 * Estimators of what a training sample does to a measurement, all in one unit: the predicted change
 * of the measurement if the sample is removed.
 */
package io.vicinal.influence.attribution;
