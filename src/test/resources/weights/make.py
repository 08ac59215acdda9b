"""Writes the fixtures of this folder with torch, the independent implementation. Run here: python3 make.py"""
import argparse
import io
import os
import zipfile
from collections import OrderedDict, defaultdict

import torch

base = (torch.arange(24, dtype=torch.float32) - 5) / 8  # exact in bfloat16
whole = torch.arange(6) - 3
tensors = OrderedDict(
    f32=base.view(2, 3, 4),
    f64=base.double(),
    f16=base.half(),
    bf16=base.bfloat16(),
    i64=whole,
    i32=whole.int(),
    i16=whole.short(),
    i8=whole.to(torch.int8),
    u8=(whole + 250).to(torch.uint8),
    bool=whole > 0,
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    transposed=base.view(4, 6).t(),
    slice=base[5:9],
    column=base.view(4, 6)[:, 2],
    last=base.view(2, 3, 2, 2).contiguous(memory_format=torch.channels_last),
    parameter=torch.nn.Parameter(base[:2].clone()),
)
tensors._metadata = OrderedDict({"": {"version": 1}})
torch.save(tensors, "zip.pth")
torch.save(tensors, "protocol5.pth", pickle_protocol=5)
torch.save(tensors, "legacy.pth", _use_new_zipfile_serialization=False)


class Pipe(io.RawIOBase):
    """Cannot go back: an archive written to it has the sizes behind its members."""

    def __init__(self, name):
        self.file = open(name, "wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def copy(target):
    with zipfile.ZipFile("zip.pth") as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))


with Pipe("descriptors.pth") as pipe:
    copy(pipe)
limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 10
copy("zip64.pth")
zipfile.ZIP64_LIMIT = limit

layer = OrderedDict([("module.fc.weight", base.view(4, 6)), ("module.fc.bias", base[:4].clone())])
parameters = [torch.nn.Parameter(base.clone())]
optimizer = torch.optim.Adam(parameters)
parameters[0].grad = base
optimizer.step()
checkpoint = {
    "epoch": 3,
    "arch": "resnet18",
    "best_acc1": torch.tensor(71.5),
    "state_dict": layer,
    "optimizer": optimizer.state_dict(),
    "args": argparse.Namespace(lr=0.1, dims=torch.Size([2, 3]), device=torch.device("cpu")),
    "counts": defaultdict(int, {"a": 1}),
    "big": 2**70,
    "kinds": {1, 2},
    "bytes": b"\x00\xff",
    "half": torch.float16,
}
torch.save(checkpoint, "nested.pth.tar")
torch.save(checkpoint, "nested-legacy.pth.tar", _use_new_zipfile_serialization=False)
torch.save({"student": {"w": base}, "teacher": {"w": -base}}, "two.pth")
torch.save({"a": torch.tensor([1, 65535]).to(torch.uint16), "b": torch.tensor([2**32 - 1]).to(torch.uint32)}, "unsigned.pth")
torch.save({"w": torch.zeros(1).expand(1000)}, "repeated.pth")
torch.save({"w": torch.zeros(2, dtype=torch.complex64)}, "complex.pth")
torch.save(base, "one.pt")
torch.save(torch.nn.Linear(2, 2), "model.pth")


class Hostile:
    def __reduce__(self):
        return os.system, ("echo executed",)


torch.save({"w": base, "x": Hostile()}, "hostile.pth")
torch.save({"w": base, "x": Hostile()}, "hostile-legacy.pth", _use_new_zipfile_serialization=False)
