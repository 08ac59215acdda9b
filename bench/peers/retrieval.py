"""Retrieval metrics by pytorch-metric-learning's AccuracyCalculator over FAISS."""

import time

import faiss
import numpy as np
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import FaissKNN

METRICS = ("precision_at_1", "r_precision", "mean_average_precision_at_r")
NEIGHBOURS = 1000
CUTS = (1, 10, 100, 1000)


class RememberingKnn(FaissKNN):
    """The peer's own search; keeps the ids, so that R@k can be read off them outside the clock."""

    def __call__(self, query, k, reference=None, ref_includes_query=False):
        start = time.perf_counter()
        distances, self.ids = super().__call__(query, k, reference, ref_includes_query)
        self.seconds = time.perf_counter() - start
        return distances, self.ids


class RetrievalWork:
    """E.npy [N, d] and y.npy [N] in `folder`; every row queries all the others.

    The clock sees AccuracyCalculator with k = 1000 and its own three metrics. R@k, which it does not have, is
    computed from its neighbours afterwards and costs the peer nothing.
    """

    def __init__(self, folder):
        self.embeddings = np.load(folder / "E.npy")
        self.labels = np.load(folder / "y.npy")
        self.last = None

    def _run(self, k):
        knn = RememberingKnn()
        calculator = AccuracyCalculator(
            include=METRICS, k=k, knn_func=knn, device=torch.device("cpu")
        )
        start = time.perf_counter()
        found = calculator.get_accuracy(self.embeddings, self.labels)
        return time.perf_counter() - start, knn, found

    def repeat(self):
        _, knn, found = self._run(NEIGHBOURS)
        self.last = (knn.ids, found)

    def values(self, dtype):
        if dtype != torch.float32:
            return {}, {}
        if self.last is None:
            self.repeat()
        ids, found = self.last
        labels = torch.from_numpy(self.labels)
        hits = labels[ids] == labels[:, None]
        several = torch.bincount(labels)[labels] > 1  # a lone sample has nothing to find
        values = {f"r@{k}": hits[several, :k].any(1).double().mean().item() for k in CUTS}
        values["rp"] = found["r_precision"]
        values["map@r"] = found["mean_average_precision_at_r"]
        return values, {}

    def beside(self):
        """The peer at its cheapest setting, k = the largest class."""
        self._run("max_bin_count")

    def search(self):
        """FAISS alone: the k + 1 nearest of every row."""
        index = faiss.IndexFlatL2(self.embeddings.shape[1])
        index.add(self.embeddings)
        index.search(self.embeddings, NEIGHBOURS + 1)
