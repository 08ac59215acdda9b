"""Networks of torch in float64 on made weights and images: what the tests compare Vicinal's networks with.

    python bench/peers/networks.py NAME...    one JSON line a network, as src/test/resources/golden/networks.jsonl has them

resnet18, resnet50 and googlenet are torchvision's; efficientnet-b0 and resnetv2-12-bit (one and two blocks) timm's;
bn-inception, preact-resnet-12 (one and two blocks) and pyramidnet-29 (three blocks a stage, widening 24) are written
below, as the repositories describe them whose names their weights have. max_layernorm changes the pool.

Entry k of the variable that is the j-th by name, without the classifier and the counts, is
    sqrt(2 / fan-out) sin(0.7 k + j)  of matrices and kernels,  0.2 sin(0.7 k + j)  of biases and running means,
    1 + 0.3 sin(0.7 k + j)  of other weights and running variances;
of the images, the cotangent and the direction cos(0.31 k), cos(0.17 k + 1), 0.01 cos(0.23 k + j). Flat indices are of
torch's layout, for images of [N, height, width, channels].
"""

import functools
import importlib.metadata
import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

if torch.version.cuda is None and not importlib.metadata.version("torchvision").endswith("+cpu"):
    operators = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        operators.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402


class Plain(nn.Module):
    """Layers by name, made when they are first asked for: a network is its forward alone."""

    def layer(self, name, make):
        where = self
        *path, last = name.split(".")
        for part in path:
            if not hasattr(where, part):
                where.add_module(part, nn.Module())
            where = getattr(where, part)
        if not hasattr(where, last):
            where.add_module(last, make().double())
        return getattr(where, last)

    def conv(self, name, x, channels, kernel, stride=1, bias=False):
        shape = x.shape[1], channels, kernel, stride, kernel // 2
        return self.layer(name, lambda: nn.Conv2d(*shape, bias=bias))(x)

    def norm(self, name, x, momentum=0.1):
        return self.layer(name, lambda: nn.BatchNorm2d(x.shape[1], momentum=momentum))(x)


class BnInception(Plain):
    """Ioffe and Szegedy 2015, figure 5: channels of 1x1, 3x3 and what is in front of it, double 3x3, projection."""

    TABLE = """3a 64 64 64 64 96 32 avg|3b 64 64 96 64 96 64 avg|3c 0 128 160 64 96 0 -|4a 224 64 96 96 128 128 avg
        4b 192 96 128 96 128 128 avg|4c 160 128 160 128 160 128 avg|4d 96 128 192 160 192 128 avg|4e 0 128 192 192 256 0 -
        5a 352 192 320 160 224 128 avg|5b 352 192 320 192 224 128 max"""

    def unit(self, name, *rest):
        return F.relu(self.norm(name + "_bn", self.conv(name, *rest, bias=True), 0.9))

    def forward(self, x):
        x = F.max_pool2d(self.unit("conv1_7x7_s2", x, 64, 7, 2), 3, 2, ceil_mode=True)
        x = self.unit("conv2_3x3", self.unit("conv2_3x3_reduce", x, 64, 1), 192, 3)
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for row in self.TABLE.replace("\n", "|").split("|"):
            block, *sizes, pool = row.split()
            one, in3, three, in33, three3, project = map(int, sizes)
            unit = lambda name, *rest: self.unit(f"inception_{block}_{name}", *rest)  # noqa: B023, E731
            stride = 1 if one else 2
            parts = [unit("1x1", x, one, 1)] if one else []
            parts.append(unit("3x3", unit("3x3_reduce", x, in3, 1), three, 3, stride))
            double = unit("double_3x3_1", unit("double_3x3_reduce", x, in33, 1), three3, 3)
            parts.append(unit("double_3x3_2", double, three3, 3, stride))
            if not one:
                parts.append(F.max_pool2d(x, 3, 2, ceil_mode=True))
            else:
                pooled = F.avg_pool2d(x, 3, 1, 1) if pool == "avg" else F.max_pool2d(x, 3, 1, 1)
                parts.append(unit("pool_proj", pooled, project, 1))
            x = torch.cat(parts, 1)
        return x.mean((2, 3))


class PreActResNet(Plain):
    """He et al. 2016, figure 4 (e), without a last normalisation."""

    def __init__(self, *depths):
        super().__init__()
        self.blocks = [(stage, k) for stage, depth in enumerate(depths) for k in range(depth)]

    def forward(self, x):
        x = self.conv("conv1", x, 64, 3)
        for stage, k in self.blocks:
            name, width, stride = f"layer{stage + 1}.{k}.", 64 << stage, 2 if stage > 0 and k == 0 else 1
            y = F.relu(self.norm(name + "bn1", x))
            x = self.conv(name + "shortcut.0", y, width, 1, stride) if stride == 2 else x
            y = F.relu(self.norm(name + "bn2", self.conv(name + "conv1", y, width, 3, stride)))
            x = x + self.conv(name + "conv2", y, width, 3)
        return x.mean((2, 3))


class PyramidNet(Plain):
    """Han et al. 2017, figure 6 (d), bottlenecks."""

    def __init__(self, depth, widening):
        super().__init__()
        self.blocks, self.widening = (depth - 2) // 9, widening

    def forward(self, x):
        x = self.norm("bn1", self.conv("conv1", x, 16, 3))
        for k in range(3 * self.blocks):
            name = f"layer{k // self.blocks + 1}.{k % self.blocks}."
            width = round(16 + self.widening * (k + 1) / (3 * self.blocks))
            stride = 2 if k in (self.blocks, 2 * self.blocks) else 1
            y = self.conv(name + "conv1", self.norm(name + "bn1", x), width, 1)
            y = self.conv(name + "conv2", F.relu(self.norm(name + "bn2", y)), width, 3, stride)
            y = self.conv(name + "conv3", F.relu(self.norm(name + "bn3", y)), 4 * width, 1)
            y = self.norm(name + "bn4", y)
            x = F.avg_pool2d(x, 2, 2) if stride == 2 else x
            x = y + F.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
        return F.relu(self.norm("bn_final", x)).mean((2, 3))


def bit(*depths):
    """timm's BiT, half as wide."""
    from timm.layers import StdConv2d
    from timm.models.resnetv2 import ResNetV2

    conv = functools.partial(StdConv2d, eps=1e-8)
    widths = [128 << k for k in range(len(depths))]
    return ResNetV2(depths, widths, num_classes=0, stem_type="fixed", conv_layer=conv)


def timm_network(name):
    import timm

    return timm.create_model(name, num_classes=0)


def torchvision_network(name, **more):
    network = getattr(torchvision.models, name)(weights=None, **more)
    network.fc = nn.Identity()
    network.dropout = nn.Identity()
    return network


def max_layernorm(network):
    network.head.global_pool = nn.AdaptiveMaxPool2d(1)
    network.head.flatten = nn.Sequential(nn.Flatten(1), nn.LayerNorm(network.num_features, elementwise_affine=False))
    return network


# name: the network, the side of its images, by running statistics (0) or the batch's (1)
NETWORKS = {
    "resnet18": (lambda: torchvision_network("resnet18"), 48, (0, 1)),
    "resnet50": (lambda: torchvision_network("resnet50"), 48, (1,)),
    "googlenet": (lambda: torchvision_network("googlenet", aux_logits=False, init_weights=False), 48, (1,)),
    "bn-inception": (BnInception, 64, (1,)),
    "preact-resnet-12": (lambda: PreActResNet(1, 2), 32, (1,)),
    "pyramidnet-29": (lambda: PyramidNet(29, 24), 32, (1,)),
    "efficientnet-b0": (lambda: timm_network("efficientnet_b0"), 48, (1,)),
    "resnetv2-12-bit": (lambda: bit(1, 2), 48, (0,)),
    "resnetv2-12-bit_max_layernorm": (lambda: max_layernorm(bit(1, 2)), 48, (0,)),
}


def made(network):
    state = network.state_dict()
    names = [name for name in sorted(state) if not name.endswith("num_batches_tracked")]
    for j, name in enumerate(names):
        value = state[name]
        k = torch.arange(value.numel(), dtype=torch.float64)
        wave = torch.sin(0.7 * k + j).reshape(value.shape)
        if value.dim() > 1:
            value.copy_(wave * (2 * value.shape[1] / value.numel()) ** 0.5)
        elif name.endswith((".weight", "running_var")):
            value.copy_(1 + 0.3 * wave)
        else:
            value.copy_(0.2 * wave)
        yield name, j


def line(name, train):
    make, side, _ = NETWORKS[name]
    network = make().double()
    k = torch.arange(2 * side * side * 3, dtype=torch.float64)
    images = torch.cos(0.31 * k).reshape(2, side, side, 3).requires_grad_()
    with torch.no_grad():
        network.eval()(images.permute(0, 3, 1, 2))  # a plain one has its layers now
        numbers = dict(made(network))
    network.train(bool(train))
    features = network(images.permute(0, 3, 1, 2)).flatten(1)
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
        "side": side,
        "train": bool(train),
        "features": features.flatten()[:6].tolist(),
        "features_norm": features.norm().item(),
        "images_norm": gradients[-1].norm().item(),
        "along": along.item(),
        "gradients": norms(gradients),
        "products": norms(products),
    }
    running = {n: v.norm().item() for n, v in network.named_buffers() if not n.endswith("num_batches_tracked")}
    if train and running:
        found["running"] = running
    print(name, sum(value.numel() for value in learned.values()), "weights", file=sys.stderr)
    return found


if __name__ == "__main__":
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}", file=sys.stderr)
    for asked in sys.argv[1:]:
        for mode in NETWORKS[asked][2]:
            print(json.dumps(line(asked, mode)))
