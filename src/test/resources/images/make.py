"""Pictures, and what Pillow and torchvision make of them: python3 make.py, in this folder.

Writes the small pictures beside this file and expected.gz: for each case a line "name width height", then RGB bytes.
Made with Pillow 12.x (libjpeg-turbo 3.1), torchvision 0.28; versions.txt says which.
"""
import gzip
import importlib.metadata
import io
import json
import struct
import zlib

import numpy
import PIL
import torch
from PIL import Image, ImageOps, features

# A torchvision that was built for another torch has no operators, and no need of them here; but it looks for two.
if torch.version.cuda is None and not importlib.metadata.version("torchvision").endswith("+cpu"):
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402
from torchvision.transforms import InterpolationMode, RandomResizedCrop  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

W, H = 45, 35
y, x = numpy.mgrid[0:H, 0:W].astype(float)
rng = numpy.random.default_rng(1)


def plane(a, b, c):
    return 127 + 90 * numpy.sin(a * x + b * y + c) + 30 * ((x // 9 + y // 7) % 2)


photo = numpy.stack([plane(0.11, 0.05, 0), plane(-0.04, 0.13, 1), plane(0.02, -0.21, 2)], -1)
photo = numpy.clip(photo, 0, 255).astype(numpy.uint8)
rgb = Image.fromarray(photo)
alpha = Image.fromarray(numpy.clip(x * 6, 0, 255).astype(numpy.uint8))
expected = {}


def keep(name, image):
    assert image.mode == "RGB", image.mode
    expected[name] = (image.size, image.tobytes())


def put(name, image, **options):
    image.save(name, **options)
    keep(name, ImageOps.exif_transpose(Image.open(name)).convert("RGB"))


put("420.jpg", rgb, quality=85, subsampling=2)
put("422.jpg", rgb, quality=85, subsampling=1)
put("444.jpg", rgb, quality=85, subsampling=0)
put("progressive.jpg", rgb, quality=85, progressive=True)
put("grey.jpg", rgb.convert("L"), quality=85)
put("cmyk.jpg", rgb.convert("CMYK"), quality=85)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    put(f"orientation{orientation}.jpg", rgb.crop((0, 0, 20, 12)), quality=80, exif=exif)
exif = Image.Exif()
exif[0x0112] = 6
put("orientation6.png", rgb.crop((0, 0, 20, 12)), exif=exif)
if features.check("webp"):
    exif[0x0112] = 8
    put("orientation8.webp", rgb.crop((0, 0, 20, 12)), lossless=True, exif=exif)
    put("lossy.webp", rgb, quality=80)
    put("lossless.webp", rgb, lossless=True)
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    put("alpha.webp", rgba, lossless=True, exact=True)
put("rgb.png", rgb)
rgba = rgb.copy()
rgba.putalpha(alpha)
put("rgba.png", rgba)
put("grey.png", rgb.convert("L"))
grey_alpha = rgb.convert("L").convert("LA")
grey_alpha.putalpha(alpha)
put("grey-alpha.png", grey_alpha)
put("palette.png", rgb.quantize(200))
put("palette16.png", rgb.quantize(13), bits=4)
see_through = rgb.quantize(20)
put("palette-transparent.png", see_through, transparency=3)
put("bits.png", rgb.convert("1"))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sixteen(name, values, colour):
    """PNG with 16 bits, which Pillow does not write of colours; what Pillow keeps are the upper 8."""
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    with open(name, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 12, 16, colour, 0, 0, 0)))
        out.write(chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


wide = rng.integers(0, 65536, (12, 20, 3))
sixteen("rgb16.png", wide, 2)
keep("rgb16.png", Image.open("rgb16.png").convert("RGB"))
sixteen("grey16.png", wide[:, :, 0], 0)
upper = Image.fromarray((wide[:, :, 0] >> 8).astype(numpy.uint8))
keep("grey16.png", upper.convert("RGB"))  # not convert() of mode I;16, which has changed between versions

bilinear, bicubic = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
for size in [(20, 17), (90, 60), (45, 9), (7, 35), (13, 50), (1, 1)]:
    keep(f"bilinear {size[0]} {size[1]}", rgb.resize(size, bilinear))
    keep(f"bicubic {size[0]} {size[1]}", rgb.resize(size, bicubic))
for box in [(3, 5, 30, 21), (0, 0, 45, 20), (17, 9, 28, 26), (40, 30, 5, 5)]:
    keep("resized_crop " + " ".join(map(str, box)),
         F.resized_crop(rgb, box[1], box[0], box[3], box[2], [24, 24], InterpolationMode.BILINEAR))
keep("resize 24", F.resize(rgb, 24))
keep("resize 24 center_crop 20", F.center_crop(F.resize(rgb, 24), 20))
keep("resize 24 center_crop 29", F.center_crop(F.resize(rgb, 24), 29))
keep("pad 4 crop 40 -3 2 32", F.crop(F.pad(rgb, 4), 2 + 4, -3 + 4, 32, 32))
small = rgb.crop((10, 8, 34, 26))
for factor in [0.8, 1.3, 0.0, 1.0]:
    keep(f"BRIGHTNESS {factor}", F.adjust_brightness(small, factor))
    keep(f"CONTRAST {factor}", F.adjust_contrast(small, factor))
    keep(f"SATURATION {factor}", F.adjust_saturation(small, factor))
for factor in [-0.2, 0.1, 0.5, 0.0]:
    keep(f"HUE {factor}", F.adjust_hue(small, factor))
keep("GREY 0", F.to_grayscale(small, 3))
keep("flip", F.hflip(small))

out = io.BytesIO()
for name, ((width, height), data) in expected.items():
    out.write(f"{name}\t{width}\t{height}\n".encode() + data)
with open("expected.gz", "wb") as file:
    file.write(gzip.compress(out.getvalue(), 9, mtime=0))

# The distribution of random resized crops: means and standard deviations of 200,000.
torch.manual_seed(1)
draws = numpy.array([RandomResizedCrop.get_params(Image.new("L", (500, 375)), (0.08, 1), (3 / 4, 4 / 3))
                     for _ in range(200_000)], float)
top, left, height, width = draws.T
numbers = {"area": width * height / (500 * 375), "aspect": width / height, "left": left, "top": top}
with open("crops.json", "w") as file:
    json.dump({k: [v.mean(), v.std()] for k, v in numbers.items()}, file, indent=1)
with open("versions.txt", "w") as file:
    file.write(f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}, "
               f"libpng via zlib {features.version('zlib')}, webp {features.version('webp')}, "
               f"torchvision {torchvision.__version__}\n")
