"""PyTorch on a GPU, one workload in one process, driven line by line as peer.py is.

    python gpu.py FOLDER THREADS PRECISION loss NAME CLASSES CENTERS | curvature | nearest K SAMPLE

PRECISION is float32, tf32 (matrix products only) or bfloat16 (autocast). Losses are pytorch-metric-learning's where it is
installed (hello says so), else the same formulas in plain PyTorch. Neighbours are FAISS's on the processor, with all its
threads, where faiss-cpu is installed. Commands:

    hello               versions, card, whose losses
    values f32          one step's value and gradients, arrays written to FOLDER
    time METHOD n       METHOD eager or compiled: milliseconds of n repeats, between CUDA events
    memory              the largest amount of device memory so far
    quit

Without a GPU the same code runs on the processor by the clock: for trying it out, never for a number.
"""

import contextlib
import json
import os
import pathlib
import sys
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy, normalize, one_hot

folder, precision = pathlib.Path(sys.argv[1]), sys.argv[3]
torch.set_num_threads(int(sys.argv[2]))
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
torch.backends.cudnn.allow_tf32 = precision == "tf32"

try:
    import pytorch_metric_learning
    from losses import build
except Exception as e:  # absent, or of another age than the libraries that it needs
    print(f"gpu.py: no pytorch-metric-learning: {e}", file=sys.stderr)
    build = None


def load(name):
    return torch.from_numpy(np.load(folder / f"{name}.npy")).to(DEVICE)


def rounding():
    if precision == "bfloat16":
        return torch.autocast(DEVICE.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def cosines(embeddings, proxies):
    return (normalize(embeddings) @ normalize(proxies).t()).float()


def proxy_anchor(embeddings, proxies, labels, classes, centers):
    """Kim et al., arXiv 2003.13911, eq. 4: alpha 32, margin 0.1."""
    alpha, margin = 32.0, 0.1
    s = cosines(embeddings, proxies)
    own = one_hot(labels, classes).bool()
    nothing = torch.finfo(s.dtype).min
    one = torch.zeros_like(s[:1])  # the 1 inside the logarithm
    pull = torch.where(own, -alpha * (s - margin), nothing)
    push = torch.where(own, nothing, alpha * (s + margin))
    present = own.any(0)
    pulled = torch.logsumexp(torch.cat([one, pull]), 0)
    pushed = torch.logsumexp(torch.cat([one, push]), 0)
    return (pulled * present).sum() / present.sum() + pushed.sum() / classes


def proxy_nca_pp(embeddings, proxies, labels, classes, centers):
    """Teh et al., arXiv 2004.01113: unit vectors times 3, so 18 times the cosine up to a constant."""
    return cross_entropy(18.0 * cosines(embeddings, proxies), labels)


def soft_triple(embeddings, proxies, labels, classes, centers):
    """Qian et al., arXiv 1909.05235, eq. 8 without the regulariser: lambda 20, gamma 0.1, margin 0.01."""
    s = cosines(embeddings, proxies).view(-1, classes, centers)
    by_class = (torch.softmax(s / 0.1, 2) * s).sum(2)
    return cross_entropy(20.0 * (by_class - 0.01 * one_hot(labels, classes)), labels)


PLAIN = {"proxy-anchor": proxy_anchor, "proxy-nca-pp": proxy_nca_pp, "soft-triple": soft_triple}


class LossWork:
    """E.npy [B, d], y.npy [B], P.npy [C*K, d]: forward, then the gradients of embeddings and proxies."""

    def __init__(self, name, classes, centers):
        classes, centers = int(classes), int(centers)
        self.embeddings = load("E").requires_grad_(True)
        self.labels = load("y")
        proxies = load("P")
        self.transposed = False
        if build is None:
            self.parameter = proxies.requires_grad_(True)
            formula = PLAIN[name]

            def forward(embeddings, labels):
                return formula(embeddings, self.parameter, labels, classes, centers)
        else:
            forward, field, self.transposed = build(name, classes, proxies.shape[1], centers)
            forward = forward.to(DEVICE)
            self.parameter = getattr(forward, field)
            self.parameter.data = proxies.t().contiguous() if self.transposed else proxies
        self.forward = forward
        self.compiled_forward = None

    def step(self, forward):
        self.embeddings.grad = None
        self.parameter.grad = None
        with rounding():
            value = forward(self.embeddings, self.labels)
        value.backward()
        return value

    def eager(self):
        return self.step(self.forward)

    def compiled(self):
        if self.compiled_forward is None:
            self.compiled_forward = torch.compile(self.forward)
        return self.step(self.compiled_forward)

    def values(self):
        value = self.eager().item()
        proxies = self.parameter.grad.t() if self.transposed else self.parameter.grad
        return {"loss": value}, {"grad_embeddings": self.embeddings.grad, "grad_proxies": proxies}


class CurvatureWork:
    """X.npy [N, D], y.npy [N], W.npy [d, D], P.npy [C, d], V.npy [d, D]: exact product by double backward, full batch.

    If the graph of the whole batch does not fit the device, the rows go in halves, quarters and so on, summed.
    """

    def __init__(self):
        self.features, self.labels, self.direction = load("X"), load("y"), load("V")
        self.weight = load("W").requires_grad_(True)
        self.proxies = normalize(load("P"))
        self.parts = 1
        self.compiled_loss = None

    def _loss(self, features, labels, weight):
        z = normalize(features @ weight.t())
        return cross_entropy(18.0 * (z @ self.proxies.t()).float(), labels, reduction="sum")

    def _product(self):
        total = torch.zeros_like(self.weight)
        value = 0.0
        rows = self.features.shape[0]
        step = -(-rows // self.parts)
        for start in range(0, rows, step):
            with rounding():
                loss = self._loss(
                    self.features[start : start + step], self.labels[start : start + step], self.weight
                )
            (gradient,) = torch.autograd.grad(loss, self.weight, create_graph=True)
            (product,) = torch.autograd.grad(gradient, self.weight, grad_outputs=self.direction)
            total += product
            value = value + loss.detach()
        return value / rows, total / rows

    def eager(self):
        while True:
            try:
                return self._product()
            except torch.cuda.OutOfMemoryError:
                if self.parts > 1024:
                    raise
                self.parts *= 2
                torch.cuda.empty_cache()

    def values(self):
        value, product = self.eager()
        return {"loss": value.item()}, {"hvp_weight": product}


class NearestWork:
    """E.npy [N, d]: FAISS's exact search of every row's K + 1 nearest, which hold the row itself, on the processor."""

    on_processor = True

    def __init__(self, k, sample):
        self.rows, self.k, self.sample = np.load(folder / "E.npy"), int(k), int(sample)

    def eager(self):
        import faiss

        faiss.omp_set_num_threads(int(sys.argv[2]))
        index = faiss.IndexFlatL2(self.rows.shape[1])
        index.add(self.rows)
        self.distances, self.ids = index.search(self.rows, self.k + 1)

    def values(self):
        self.eager()
        sample = np.arange(self.sample) * len(self.rows) // self.sample
        others = self.ids[sample] != sample[:, None]
        others[others.all(1), -1] = False  # a copy of the row pushed it out
        distances = self.distances[sample][others].reshape(self.sample, self.k)
        return {}, {"distances": torch.from_numpy(distances)}


def faiss_version():
    try:
        import faiss
    except ImportError:
        return None
    return faiss.__version__


def hello():
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "device": torch.cuda.get_device_name() if DEVICE.type == "cuda" else "cpu",
        "losses": f"pytorch-metric-learning {pytorch_metric_learning.__version__}"
        if build
        else "plain PyTorch",
        "faiss": faiss_version(),
    }


def values(work):
    scalars, arrays = work.values()
    files = {}
    for name, array in arrays.items():
        files[name] = f"{name}.peer.npy"
        np.save(folder / files[name], np.ascontiguousarray(array.detach().float().cpu().numpy()))
    return {"values": scalars, "arrays": files}


def clock(work, name, repeats):
    if not hasattr(work, name):
        return {"ms": []}  # torch.compile has no double backward
    method = getattr(work, name)
    if DEVICE.type == "cpu" or getattr(work, "on_processor", False):
        spent = []
        for _ in range(repeats):
            start = time.perf_counter_ns()
            method()
            spent.append((time.perf_counter_ns() - start) / 1e6)
        return {"ms": spent}
    pairs = []
    for _ in range(repeats):
        pair = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        pair[0].record()
        method()
        pair[1].record()
        torch.cuda.synchronize()
        pairs.append(pair)
    return {"ms": [start.elapsed_time(end) for start, end in pairs]}


def main():
    # Nothing but answers may reach standard output: libraries' prints go to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    kind, *arguments = sys.argv[4:]
    work = {"loss": LossWork, "curvature": CurvatureWork, "nearest": NearestWork}[kind](*arguments)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "quit":
            return
        try:
            if command == "hello":
                answer = hello()
            elif command == "values":
                answer = values(work)
            elif command == "time":
                answer = clock(work, arguments[0], int(arguments[1]))
            elif command == "memory":
                gpu = DEVICE.type == "cuda"
                answer = {"peak_bytes": torch.cuda.max_memory_allocated() if gpu else 0}
            else:
                answer = {"error": f"no command is called {command}"}
        except Exception as e:  # the other side prints it beside its row
            answer = {"error": f"{type(e).__name__}: {e}".splitlines()[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
