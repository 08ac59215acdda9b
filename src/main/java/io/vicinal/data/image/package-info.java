/**
 * Pictures to numbers: decoding, the transforms of the papers, batches, packed files.
 *
 * <p>An {@link io.vicinal.data.image.ImageSource} has encoded pictures with names. An {@link
 * io.vicinal.data.image.ImageRecipe} is a published pair of {@link
 * io.vicinal.data.image.ImageTransform}s, for training and evaluation; one draws an {@link
 * io.vicinal.data.image.ImageView}, a look at one picture, from a picture's size and {@link
 * io.vicinal.data.image.ImageDraws}, which depend on seed, epoch, sample and purpose only. {@link
 * io.vicinal.data.image.ImageReader} makes tensors [B, height, width, 3] of looks, ahead of who
 * reads them.
 */
package io.vicinal.data.image;
