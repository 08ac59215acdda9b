/**
 * {@code vicinal explain}: which training samples are to blame, on the command line. Each command
 * parses, calls {@code io.vicinal.explain}, writes and prints; {@link
 * io.vicinal.cli.explain.WorkFolder} lets an interrupted one go on.
 */
package io.vicinal.cli.explain;
