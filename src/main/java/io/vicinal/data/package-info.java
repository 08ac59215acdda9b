/**
 * Arrays and labels from files and back: NumPy's {@link io.vicinal.data.Npy}, {@link
 * io.vicinal.data.Safetensors}, PyTorch's {@link io.vicinal.data.TorchFile}, the Fashion-MNIST
 * package, and {@link io.vicinal.data.FeatureSet}, what training and evaluation take. No header is
 * believed before it is compared with the file's real size, and a written file is whole or not
 * there.
 */
package io.vicinal.data;
