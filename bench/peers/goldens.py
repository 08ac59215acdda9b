"""Checks the peers themselves against the tests' golden values, so that a ratio is never against a misconfigured peer.

Inputs need no random numbers (sine12.json):
    E[i][j] = sin(1 + 0.7 i + 1.1 j + 0.13 i j), 12 x 8;  P[c][j] = cos(0.5 + 0.9 c + 0.4 j + 0.07 c j);
    y_i = i mod 4 of 5 classes (15 rows of P for three centres each).
"""

import json
import pathlib
import sys
import tempfile

import numpy as np
import torch

from curvature import CurvatureWork
from losses import LossWork

GOLDEN = pathlib.Path(__file__).parents[2] / "src/test/resources/golden/sine12.json"
TOLERANCE = 1e-9  # float64 against twelve printed digits; the peer adds 1e-7-sized constants of its own


def expected():
    """The peers' name of a loss, its centres, and the loss and the norms of both gradients."""
    for case in json.loads(GOLDEN.read_text())["cases"]:
        if case["loss"] == "proxy-nca" or "gradEmbeddings" not in case:
            continue
        regularised = case["loss"] == "soft-triple" and "tau" not in case["params"]
        name = case["loss"] + ("-regularised" if regularised else "")
        yield name, int(case["params"].get("centers", 1)), [case[k] for k in ("value", "gradEmbeddings", "gradProxies")]


def main():
    i, j = np.arange(12.0)[:, None], np.arange(8.0)[None, :]
    failures = 0
    for name, centers, golden in expected():
        c = np.arange(5.0 * centers)[:, None]
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            np.save(folder / "E.npy", np.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j))
            np.save(folder / "P.npy", np.cos(0.5 + 0.9 * c + 0.4 * j + 0.07 * c * j))
            np.save(folder / "y.npy", np.arange(12) % 4)
            scalars, arrays = LossWork(folder, name, 5, centers).values(torch.float64)
        found = (
            scalars["loss"],
            np.linalg.norm(arrays["grad_embeddings"]),
            np.linalg.norm(arrays["grad_proxies"]),
        )
        error = max(abs(f - e) / abs(e) for f, e in zip(found, golden))
        failures += error > TOLERANCE
        print(f"{name:26s} worst relative error {error:.1e}  {'ok' if error <= TOLERANCE else 'WRONG'}")
    failures += curvature()
    sys.exit(int(failures))


def curvature():
    """The normalised loss does not change when W is scaled, so H W = -G (Euler, degree zero)."""
    n, features, width, classes = 40, 9, 6, 4
    i, j = np.arange(float(n))[:, None], np.arange(float(features))[None, :]
    o, c = np.arange(float(width))[:, None], np.arange(float(classes))[:, None]
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        np.save(folder / "X.npy", np.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j))
        np.save(folder / "W.npy", np.cos(0.3 + 0.5 * o + 0.8 * j + 0.11 * o * j))
        np.save(folder / "P.npy", np.cos(0.5 + 0.9 * c + 0.4 * o.T + 0.07 * c * o.T))
        np.save(folder / "y.npy", np.arange(n) % classes)
        np.save(folder / "V.npy", np.load(folder / "W.npy"))
        work = CurvatureWork(folder)
        product = work.values(torch.float64)[1]["hvp_weight"]
        gradient = work._gradient(work._prepared(torch.float64))[1].detach().numpy()
    error = np.linalg.norm(product + gradient) / np.linalg.norm(gradient)
    print(f"{'curvature, H W = -G':26s} relative error {error:.1e}  {'ok' if error <= TOLERANCE else 'WRONG'}")
    return int(error > TOLERANCE)


main()
