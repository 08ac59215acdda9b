/**
 * The demo: one honest experiment on real data, from training to a picture. {@link
 * io.vicinal.cli.demo.Demo} is the experiment, {@link io.vicinal.cli.demo.NeighbourPicture} its
 * picture.
 */
package io.vicinal.cli.demo;
