"""Writes the fixtures of this folder with numpy and safetensors, the independent implementations. Run here: python3 make.py"""
import numpy as np
from safetensors.numpy import save_file

m = (np.arange(12, dtype=np.float64).reshape(3, 4) - 5) / 8  # exact in float32
np.save("f4.npy", m.astype("<f4"))
np.save("f8.npy", m)
np.save("i8.npy", np.arange(-3, 4, dtype="<i8"))
np.save("scalar.npy", np.float64(2.5))
np.save("empty.npy", np.zeros((0, 4), "<f4"))
np.save("fortran.npy", np.asfortranarray(m))
np.save("big-endian.npy", m.astype(">f4"))
np.save("float16.npy", m.astype("<f2"))
np.save("bool.npy", m > 0)
np.save("text.npy", np.array(["a", "bc"]))
np.save("structured.npy", np.zeros(3, dtype=[("x", "<f4"), ("y", "<i8")]))
np.save("unicode-field.npy", np.zeros(3, dtype=[("\u00e9\u4e2d", "<f4")]))  # format 3.0
with open("version2.npy", "wb") as f:
    np.lib.format.write_array(f, m.astype("<f4"), version=(2, 0))
with open("version3.npy", "wb") as f:
    np.lib.format.write_array(f, m.astype("<f4"), version=(3, 0))
for t in ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]:
    np.save(f"labels-{t}.npy", np.array([0, 7, 100, 3, 127], dtype=t))
np.save("labels-u1-high.npy", np.array([200, 255], dtype="u1"))
np.save("labels-negative.npy", np.array([0, 1, -1], dtype="<i4"))
np.save("labels-u8-huge.npy", np.array([0, 2**63 + 5], dtype="<u8"))
np.save("labels-float.npy", np.array([0.0, 1.0]))
np.save("labels-matrix.npy", np.zeros((2, 2), "<i8"))
save_file(
    {"weight": m.astype("<f4"), "ids": np.array([1, 2, 3], "<i8"), "b\u00efas": np.array([0.5, -0.25])},
    "three.safetensors",
    metadata={"kind": "head", "note": "\u4e2d \"quoted\""},
)
save_file({"h": m.astype("<f2")}, "float16.safetensors")
