"""Decode, crop, flip, normalise by torchvision on Pillow, as its users do it: a DataLoader with a process per thread."""

import importlib.metadata

import numpy as np
import torch
from PIL import Image

# A torchvision that was built for another torch has no operators, and no need of them here; but it looks for two.
if torch.version.cuda is None and not importlib.metadata.version("torchvision").endswith("+cpu"):
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision.transforms import InterpolationMode  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Photos(torch.utils.data.Dataset):
    """The crops are read, not drawn: both sides see the same."""

    def __init__(self, folder):
        self.files = sorted((folder / "photos").iterdir())
        self.boxes = np.load(folder / "boxes.npy")

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        left, top, width, height, flip = map(int, self.boxes[i])
        image = Image.open(self.files[i]).convert("RGB")
        image = F.resized_crop(image, top, left, height, width, [224, 224], InterpolationMode.BILINEAR)
        if flip:
            image = F.hflip(image)
        return F.normalize(F.to_tensor(image), MEAN, STD)


class ImageWork:
    def __init__(self, folder, batch, kept):
        self.photos, self.batch, self.kept = Photos(folder), int(batch), int(kept)
        workers = torch.get_num_threads()
        # One process where there is one thread; else workers, which stay between epochs.
        self.loader = torch.utils.data.DataLoader(
            self.photos,
            batch_size=self.batch,
            num_workers=0 if workers == 1 else workers,
            persistent_workers=workers > 1,
        )

    def repeat(self):
        for self.last in self.loader:
            pass

    def values(self, dtype):
        first = torch.stack([self.photos[i] for i in range(self.kept)])
        return {}, {"images": first.permute(0, 2, 3, 1).to(dtype).contiguous().numpy()}
