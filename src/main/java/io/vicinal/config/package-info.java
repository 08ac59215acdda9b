/** The run configuration: immutable records, read strictly from JSON; nothing is evaluated. */
package io.vicinal.config;
