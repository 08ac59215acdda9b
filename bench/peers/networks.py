"""Networks of torchvision in float64 on made weights and images: what the tests compare Vicinal's networks with.

    python bench/peers/networks.py NAME...    one JSON line a network

Entry k of the j-th variable of state_dict (torchvision's order, without the classifier and the counts) is
    sqrt(2 / fan-out) sin(0.7 k + j)  of a convolution,  1 + 0.3 sin(0.7 k + j)  of other weights and running variances,
    0.2 sin(0.7 k + j)  of biases and running means;
of the images, the cotangent and the direction cos(0.31 k), cos(0.17 k + 1), 0.01 cos(0.23 k + j). Flat indices are of
torch's layout, for images of [N, height, width, channels].
"""

import importlib.metadata
import json
import sys

import torch

if torch.version.cuda is None and not importlib.metadata.version("torchvision").endswith("+cpu"):
    operators = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        operators.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402

SIDE = 48


def made(network):
    j = 0
    for name, value in network.state_dict().items():
        if name.startswith("fc.") or name.endswith("num_batches_tracked"):
            continue
        k = torch.arange(value.numel(), dtype=torch.float64)
        wave = torch.sin(0.7 * k + j).reshape(value.shape)
        if value.dim() == 4:
            value.copy_(wave * (2 / (value.shape[0] * value.shape[2] * value.shape[3])) ** 0.5)
        elif name.endswith((".weight", "running_var")):
            value.copy_(1 + 0.3 * wave)
        else:
            value.copy_(0.2 * wave)
        yield name, j
        j += 1


def line(name, train):
    network = getattr(torchvision.models, name.replace("-", "_"))(weights=None).double()
    with torch.no_grad():
        numbers = dict(made(network))
    network.fc = torch.nn.Identity()
    network.train(train)
    k = torch.arange(2 * SIDE * SIDE * 3, dtype=torch.float64)
    images = torch.cos(0.31 * k).reshape(2, SIDE, SIDE, 3).requires_grad_()
    features = network(images.permute(0, 3, 1, 2))
    cotangent = torch.cos(0.17 * torch.arange(features.numel(), dtype=torch.float64) + 1).reshape(features.shape)
    learned = dict(network.named_parameters())
    total = (features * cotangent).sum()
    gradients = torch.autograd.grad(total, [*learned.values(), images], create_graph=True)
    along = 0
    for (key, value), gradient in zip(learned.items(), gradients):
        k = torch.arange(value.numel(), dtype=torch.float64)
        direction = 0.01 * torch.cos(0.23 * k + numbers[key]).reshape(value.shape)
        along = along + (gradient * direction).sum()
    products = torch.autograd.grad(along, list(learned.values()), allow_unused=True)
    norms = lambda tensors: {n: 0.0 if t is None else t.norm().item() for n, t in zip(learned, tensors)}  # noqa: E731
    found = {
        "network": name,
        "train": train,
        "features": features.flatten()[:6].tolist(),
        "features_norm": features.norm().item(),
        "images_norm": gradients[-1].norm().item(),
        "along": along.item(),
        "gradients": norms(gradients),
        "products": norms(products),
    }
    if train:
        found["running"] = {
            n: v.norm().item() for n, v in network.named_buffers() if not n.endswith("num_batches_tracked")
        }
    return found


if __name__ == "__main__":
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}", file=sys.stderr)
    for asked in sys.argv[1:]:
        for train in (False, True):
            print(json.dumps(line(asked, train)))
