/**
 * Features of pictures from networks in ONNX's format: the model, what it takes and gives, and rows
 * of features that survive the end of the process.
 */
package io.vicinal.data.onnx;
