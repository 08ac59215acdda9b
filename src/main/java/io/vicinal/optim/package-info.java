/** Optimisers over named parameter groups, and learning-rate schedules. */
package io.vicinal.optim;
