"""Exact Hessian-vector product of a head's loss by torch double backward, over the full batch."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy, normalize

SCALE = 3.0  # ProxyNCA++: both vectors times 3, hence cosine logits times 2 * 3^2 = 18


class CurvatureWork:
    """X.npy [N, D], y.npy [N], W.npy [d, D], P.npy [C, d] and the direction V.npy [d, D] in `folder`.

    `repeat` is what double backward costs a caller: forward, gradient with its graph, then the product.
    `beside` keeps that graph between calls, and pays for the product alone.
    """

    def __init__(self, folder):
        load = lambda name: torch.from_numpy(np.load(folder / name))
        self.features, self.labels = load("X.npy"), load("y.npy")
        self.weight, self.proxies, self.direction = load("W.npy"), load("P.npy"), load("V.npy")
        self.timed = self._prepared(torch.float32)
        self.kept = None

    def _prepared(self, dtype):
        weight = self.weight.to(dtype).clone().requires_grad_(True)
        proxies = normalize(self.proxies.to(dtype))
        return self.features.to(dtype), weight, proxies, self.direction.to(dtype)

    def _gradient(self, prepared):
        features, weight, proxies, _ = prepared
        embeddings = normalize(features @ weight.t())
        value = cross_entropy(2 * SCALE * SCALE * (embeddings @ proxies.t()), self.labels)
        (gradient,) = torch.autograd.grad(value, weight, create_graph=True)
        return value, gradient

    def _product(self, prepared):
        value, gradient = self._gradient(prepared)
        (product,) = torch.autograd.grad(gradient, prepared[1], grad_outputs=prepared[3])
        return value, product

    def repeat(self):
        self._product(self.timed)

    def beside(self):
        if self.kept is None:
            self.kept = self._gradient(self.timed)[1]
        torch.autograd.grad(
            self.kept, self.timed[1], grad_outputs=self.timed[3], retain_graph=True
        )

    def values(self, dtype):
        value, product = self._product(self._prepared(dtype))
        return {"loss": value.item()}, {"hvp_weight": product.numpy()}
