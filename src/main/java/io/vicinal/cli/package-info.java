/**
 * The command line: each command reads its arguments, calls the library and prints. {@link
 * io.vicinal.cli.Main} is the entry; {@link io.vicinal.cli.Failures} turns every failure into one
 * line and an exit code.
 */
package io.vicinal.cli;
