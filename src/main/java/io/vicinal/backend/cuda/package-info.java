/** NVIDIA GPUs: whether there is one, the libraries that it needs, and its memory. */
package io.vicinal.backend.cuda;
