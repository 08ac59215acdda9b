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
np.save("labels-text.npy", np.array(["dog", "cat", "na\u00efve, \U0001F600", "cat"]))
np.save("labels-bytes.npy", np.array([b"dog", b"cat", b"dog"]))
np.save("labels-object.npy", np.array(["dog", "cat", None], dtype=object))
np.save("labels-column.npy", np.array([[3], [1], [2]], "<i8"))
np.save("labels-half.npy", np.array([0, 1.5]))
np.save("complex.npy", m.astype("<c8"))
np.save("times.npy", np.array(["2020-01-01"], "M8[s]"))
np.save("longdouble.npy", m.astype(np.longdouble))
np.save("u8-large.npy", np.array([[2**64 - 1, 3]], "<u8"))
np.save("i8-large.npy", np.array([[2**53 + 1, 2**24 + 1]], "<i8"))
np.savez("stored.npz", x=m.astype("<f4"), y=np.array([2, 0, 1]))
np.savez_compressed("deflated.npz", columns=np.asfortranarray(m.astype("<f2")), **{"a/b": m})
np.savez("one.npz", m)
bits = (m.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()  # m is exact in bfloat16
head = b'{"b":{"dtype":"BF16","shape":[3,4],"data_offsets":[0,24]}}'
with open("bfloat16.safetensors", "wb") as f:
    f.write(len(head).to_bytes(8, "little") + head + bits)
halves = np.array([0, 2**-24, 1 / 3, 65504, np.inf, np.nan, -2**-14, -0.0], "<f2")
np.save("halves.npy", halves)
