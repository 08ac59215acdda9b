/**
 * The benchmark runner: each row's work beside a peer's, in one run, equal values first (see {@code
 * bench/README.md}). Not part of the product; compiled by the Maven profile {@code bench}.
 */
package io.vicinal.bench;
