/** The linear head on cached features. */
package io.vicinal.nn;
