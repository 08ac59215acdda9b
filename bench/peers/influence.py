"""Influence of training samples on one pair's distance, as a PyTorch user writes it: per sample, by autograd.

Both forms work from cached features, so neither pays for a backbone. The loss is ProxyNCA++ with fixed proxies,
and only the head's weight is analysed. In `folder`: X.npy [N, D], y.npy [N], W.npy [d, D], P.npy [C, d] and the
pair's test features T.npy [2, D].
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy, normalize

SCALE = 3.0  # both vectors times 3, hence cosine logits times 2 * 3^2 = 18


class InfluenceWork:
    """What both forms share: arrays, losses, the pair's distance."""

    def __init__(self, folder):
        load = lambda name: torch.from_numpy(np.load(folder / name))
        self.features, self.labels, self.pair = load("X.npy"), load("y.npy"), load("T.npy")
        self.weight, self.proxies = load("W.npy"), load("P.npy")

    def _as(self, dtype):
        return (
            self.features.to(dtype),
            self.pair.to(dtype),
            self.weight.to(dtype).clone().requires_grad_(True),
            normalize(self.proxies.to(dtype)),
        )

    def _losses(self, features, labels, weight, proxies):
        logits = 2 * SCALE * SCALE * (normalize(features @ weight.t()) @ proxies.t())
        return cross_entropy(logits, labels, reduction="none")

    @staticmethod
    def _distance(pair, weight):
        a, b = normalize(pair @ weight.t())
        return (a - b).square().sum()


class RecursionWork(InfluenceWork):
    """The stochastic inverse-Hessian recursion: h <- v + (1 - damping) h - H_i h / scale, one pass in dataset order.

    A sample's score is minus the inner product of h / scale with its gradient.
    """

    DAMPING, STEP_SCALE = 0.01, 500.0

    def _scores(self, dtype):
        features, pair, weight, proxies = self._as(dtype)
        (v,) = torch.autograd.grad(self._distance(pair, weight), weight)
        h = v
        for i in range(len(features)):
            value = self._losses(features[i : i + 1], self.labels[i : i + 1], weight, proxies).sum()
            (gradient,) = torch.autograd.grad(value, weight, create_graph=True)
            (product,) = torch.autograd.grad(gradient, weight, grad_outputs=h)
            h = v + (1 - self.DAMPING) * h - product / self.STEP_SCALE
        h = h / self.STEP_SCALE
        scores = torch.empty(len(features), dtype=dtype)
        for i in range(len(features)):
            value = self._losses(features[i : i + 1], self.labels[i : i + 1], weight, proxies).sum()
            (gradient,) = torch.autograd.grad(value, weight)
            scores[i] = -(h * gradient).sum()
        return scores

    def repeat(self):
        self._scores(torch.float32)

    def values(self, dtype):
        distance = self._distance(self.pair.to(dtype), self.weight.to(dtype)).item()
        return {"distance": distance}, {"scores": self._scores(dtype).numpy()}


class OriginalWork(RecursionWork):
    """The recursion as the peer of another method's scores: only the pair's distance can be compared."""

    def values(self, dtype):
        return {"distance": self._distance(self.pair.to(dtype), self.weight.to(dtype)).item()}, {}


class AscentWork(InfluenceWork):
    """Moves W by 50 plain gradient steps that raise the pair's distance, then scores dL_i * dD for every sample.

    `repeat` computes all losses at both ends, as the original scripts do for every query. `beside` keeps those at
    the delivered weights between queries. Neither stops early, so that all 50 steps are on the clock.
    """

    STEPS, RATE = 50, 1e-3

    def __init__(self, folder):
        super().__init__(folder)
        self.kept = None

    def _scores(self, dtype, kept=None):
        features, pair, weight, proxies = self._as(dtype)
        start = self._distance(pair, weight).item()
        moved = weight
        for _ in range(self.STEPS):
            (gradient,) = torch.autograd.grad(self._distance(pair, moved), moved)
            with torch.no_grad():
                moved = (moved + self.RATE * gradient).requires_grad_(True)
        with torch.no_grad():
            change = self._distance(pair, moved) - start
            before = self._losses(features, self.labels, weight, proxies) if kept is None else kept
            return (self._losses(features, self.labels, moved, proxies) - before) * change

    def repeat(self):
        self._scores(torch.float32)

    def beside(self):
        if self.kept is None:
            features, _, weight, proxies = self._as(torch.float32)
            with torch.no_grad():
                self.kept = self._losses(features, self.labels, weight, proxies)
        self._scores(torch.float32, self.kept)

    def values(self, dtype):
        distance = self._distance(self.pair.to(dtype), self.weight.to(dtype)).item()
        return {"distance": distance}, {"scores": self._scores(dtype).numpy()}
