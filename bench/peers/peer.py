"""One peer workload in one process, driven line by line.

    python peer.py FOLDER THREADS WORKLOAD [ARGUMENT ...]

Reads a command per line from standard input and answers each with one line of JSON:

    hello              {"python": ..., "torch": ..., ...}                     versions
    values f32|f64     {"values": {...}, "arrays": {"name": "file.npy"}}      results, arrays written to FOLDER
    time METHOD n      {"ms": [...]}                                          n repeats, each on the clock
    memory             {"peak_bytes": n}                                      the largest resident set so far
    quit

Between commands it blocks on the pipe, so it takes no processor time while the other side is measured.
"""

import json
import os
import pathlib
import resource
import sys
import time

folder, threads = pathlib.Path(sys.argv[1]), int(sys.argv[2])
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import numpy as np  # noqa: E402  (after the thread count is in the environment)
import torch  # noqa: E402

torch.set_num_threads(threads)


def workload(kind, *arguments):
    if kind == "loss":
        from losses import LossWork

        name, classes, centers = arguments
        return LossWork(folder, name, int(classes), int(centers))
    if kind == "tuple":
        from tuples import TupleWork

        return TupleWork(folder, *arguments)
    if kind == "curvature":
        from curvature import CurvatureWork

        return CurvatureWork(folder)
    if kind == "retrieval":
        from retrieval import RetrievalWork

        return RetrievalWork(folder)
    if kind == "influence":
        from influence import AscentWork, OriginalWork, RecursionWork

        return {"if": OriginalWork, "if-seed": RecursionWork, "eif": AscentWork}[arguments[0]](folder)
    if kind == "near-duplicates":
        from duplicates import DuplicateWork

        return DuplicateWork(folder, *arguments)
    if kind == "images":
        from images import ImageWork

        return ImageWork(folder, *arguments)
    if kind == "features":
        from features import FeatureWork

        return FeatureWork(folder, *arguments)
    raise ValueError(f"no workload is called {kind}")


def versions():
    import faiss
    import pytorch_metric_learning

    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "pytorch-metric-learning": pytorch_metric_learning.__version__,
        "faiss-cpu": faiss.__version__,
        "numpy": np.__version__,
        **{name: module.__version__ for name, module in sys.modules.items() if name == "onnxruntime"},
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
    }


def values(work, kind):
    dtype = {"f32": torch.float32, "f64": torch.float64}[kind]
    scalars, arrays = work.values(dtype)
    files = {}
    for name, array in arrays.items():
        files[name] = f"{name}.{kind}.npy"
        np.save(folder / files[name], array)
    return {"values": scalars, "arrays": files}


def clock(method, repeats):
    spent = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        method()
        spent.append((time.perf_counter_ns() - start) / 1e6)
    return {"ms": spent}


def main():
    # Nothing but answers may reach standard output: libraries' prints go to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    work = workload(*sys.argv[3:])
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "quit":
            return
        if command == "hello":
            answer = versions()
        elif command == "values":
            answer = values(work, *arguments)
        elif command == "time":
            answer = clock(getattr(work, arguments[0]), int(arguments[1]))
        elif command == "memory":
            answer = {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        else:
            answer = {"error": f"no command is called {command}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
