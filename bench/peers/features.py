"""Features of photographs by onnxruntime, while the next ones are decoded by torchvision's transforms on Pillow."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import torch
from images import MEAN, STD, F, Image, InterpolationMode
from torchvision import models


class Photos(torch.utils.data.Dataset):
    def __init__(self, folder):
        self.files = sorted((folder / "photos").iterdir())

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        image = F.resize(Image.open(self.files[i]).convert("RGB"), 256, InterpolationMode.BILINEAR)
        return F.normalize(F.to_tensor(F.center_crop(image, 224)), MEAN, STD)


def export(network, file):
    torch.manual_seed(0)
    model = getattr(models, network)()
    model.fc = torch.nn.Identity()
    torch.onnx.export(
        model.eval(),
        torch.zeros(1, 3, 224, 224),
        file,
        input_names=["x"],
        output_names=["features"],
        dynamic_axes={"x": {0: "batch"}, "features": {0: "batch"}},
        dynamo=False,  # the other exporter needs one more package, for the same graph
    )


class FeatureWork:
    def __init__(self, folder, network, batch):
        self.photos, self.batch, self.threads = Photos(folder), int(batch), torch.get_num_threads()
        export(network, str(folder / "model.onnx"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.loader = torch.utils.data.DataLoader(
            self.photos, batch_size=self.batch, num_workers=self.threads, persistent_workers=True
        )
        self.pool = ThreadPoolExecutor(self.threads)

    def run(self, pictures):
        return self.session.run(None, {"x": pictures})[0]

    def repeat(self):
        """Decoded by processes, as most do it."""
        self.features = np.concatenate([self.run(pictures.numpy()) for pictures in self.loader])

    def pooled(self):
        """Decoded by threads, two batches ahead."""
        count, ahead = len(self.photos), 2 * self.batch
        pictures = [self.pool.submit(self.photos.__getitem__, i) for i in range(min(ahead, count))]
        rows = []
        for first in range(0, count, self.batch):
            last = min(count, first + self.batch)
            given = np.stack([pictures[i].result().numpy() for i in range(first, last)])
            pictures[first:last] = [None] * (last - first)
            for i in range(len(pictures), min(last + ahead, count)):
                pictures.append(self.pool.submit(self.photos.__getitem__, i))
            rows.append(self.run(given))
        self.features = np.concatenate(rows)

    def values(self, dtype):
        if dtype == torch.float64:  # the model has float32
            return {}, {}
        self.pooled()
        pooled = self.features
        self.repeat()
        assert np.allclose(pooled, self.features, rtol=1e-4, atol=1e-5 * np.abs(pooled).max())
        return {}, {"features": self.features}
