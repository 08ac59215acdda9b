"""Losses of tuples of pytorch-metric-learning: forward, then the gradient of embeddings."""

import numpy as np
import torch
from pytorch_metric_learning import losses


def build(name):
    """The peer's loss object that is Vicinal's loss with the parameters of its row."""
    made = {
        "contrastive": lambda: losses.ContrastiveLoss(pos_margin=0, neg_margin=1),
        "triplet": lambda: losses.TripletMarginLoss(margin=0.2),
        "margin": lambda: losses.MarginLoss(margin=0.2, nu=0, beta=1.2),
        "multi-similarity": lambda: losses.MultiSimilarityLoss(alpha=2, beta=40, base=0.5),
        "circle": lambda: losses.CircleLoss(m=0.4, gamma=80),
        "supcon": lambda: losses.SupConLoss(temperature=0.1),
        "fastap": lambda: losses.FastAPLoss(num_bins=10),
        # The N-pair loss over all ordered pairs of a class is NT-Xent at temperature 1.
        "n-pair": lambda: losses.NTXentLoss(temperature=1),
        "nt-xent": lambda: losses.NTXentLoss(temperature=0.07),
        "lifted": lambda: losses.GeneralizedLiftedStructureLoss(neg_margin=1, pos_margin=0),
        "lifted-structure": lambda: losses.LiftedStructureLoss(neg_margin=1, pos_margin=0),
    }
    if name not in made:
        raise ValueError(f"no peer loss is called {name}")
    return made[name]()


class TupleWork:
    """One loss on one batch: E.npy [B, d], y.npy [B] in `folder`."""

    def __init__(self, folder, name):
        self.made = build(name)
        self.raw = torch.from_numpy(np.load(folder / "E.npy"))
        self.labels = torch.from_numpy(np.load(folder / "y.npy"))
        self.embeddings = self.raw.clone().requires_grad_(True)

    def _step(self, embeddings):
        embeddings.grad = None
        value = self.made(embeddings, self.labels)
        value.backward()
        return value

    def repeat(self):
        self._step(self.embeddings)

    def values(self, dtype):
        embeddings = self.raw.to(dtype).clone().requires_grad_(True)
        value = self._step(embeddings).item()
        return {"loss": value}, {"grad_embeddings": embeddings.grad.numpy()}
