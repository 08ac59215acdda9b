"""Proxy losses of pytorch-metric-learning: forward, then gradients of embeddings and proxies."""

import numpy as np
import torch
from pytorch_metric_learning import losses, regularizers


def build(name, classes, width, centers):
    """The peer's loss object with Vicinal's default parameters, and how its proxies are stored."""
    if name == "proxy-anchor":
        return losses.ProxyAnchorLoss(classes, width, margin=0.1, alpha=32), "proxies", False
    if name == "proxy-nca-pp":
        # Scale 3 on both vectors is scale 9 on their squared distance.
        return losses.ProxyNCALoss(classes, width, softmax_scale=9), "proxies", False
    if name == "arcface":
        return losses.ArcFaceLoss(classes, width, margin=28.6, scale=64), "W", True
    if name in ("soft-triple", "soft-triple-regularised"):
        extra = {}
        if name == "soft-triple-regularised":
            extra = {
                "weight_regularizer": regularizers.SparseCentersRegularizer(classes, centers),
                "weight_reg_weight": 0.2,
            }
        made = losses.SoftTripleLoss(
            classes, width, centers_per_class=centers, la=20, gamma=0.1, margin=0.01, **extra
        )
        return made, "fc", True
    if name == "cosface":
        return losses.CosFaceLoss(classes, width, margin=0.35, scale=64), "W", True
    if name == "normalized-softmax":
        return losses.NormalizedSoftmaxLoss(classes, width, temperature=0.05), "W", True
    raise ValueError(f"no peer loss is called {name}")


class LossWork:
    """One loss on one batch: E.npy [B, d], y.npy [B], P.npy [C*K, d] in `folder`."""

    def __init__(self, folder, name, classes, centers):
        self.folder, self.name, self.classes, self.centers = folder, name, classes, centers
        self.embeddings = torch.from_numpy(np.load(folder / "E.npy"))
        self.labels = torch.from_numpy(np.load(folder / "y.npy"))
        self.proxies = torch.from_numpy(np.load(folder / "P.npy"))
        self.timed = self._prepared(torch.float32)

    def _prepared(self, dtype):
        made, field, transposed = build(
            self.name, self.classes, self.embeddings.shape[1], self.centers
        )
        parameter = getattr(made, field)
        stored = self.proxies.t().contiguous() if transposed else self.proxies.clone()
        parameter.data = stored.to(dtype)
        embeddings = self.embeddings.to(dtype).clone().requires_grad_(True)
        return made, parameter, transposed, embeddings

    def _step(self, prepared):
        made, parameter, _, embeddings = prepared
        embeddings.grad = None
        parameter.grad = None
        value = made(embeddings, self.labels)
        value.backward()
        return value

    def repeat(self):
        self._step(self.timed)

    def values(self, dtype):
        prepared = self._prepared(dtype)
        value = self._step(prepared).item()
        _, parameter, transposed, embeddings = prepared
        proxies = parameter.grad.t() if transposed else parameter.grad
        return {"loss": value}, {
            "grad_embeddings": embeddings.grad.numpy(),
            "grad_proxies": np.ascontiguousarray(proxies.numpy()),
        }
