/**
 * What is wrong with a dataset before anything is learnt from it: files, duplicates and leaks,
 * classes, what pictures look like, and features.
 */
package io.vicinal.curate.doctor;
