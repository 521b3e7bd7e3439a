"""The same flower in another colour: hue, saturation and value of its petals moved under a mask."""

import numpy
from PIL import Image

# Per colour the hue in degrees, and what the petals' median saturation and their light parts' value become.
TARGETS = {
    "red": (355, 0.95, 0.90), "pink": (335, 0.55, 1.05), "orange": (24, 0.95, 1.05),
    "yellow": (50, 0.92, 1.10), "purple": (285, 0.60, 0.80), "white": (60, 0.06, 1.25),
}
# How much of its own difference from the petals' mean hue a pixel keeps.
KEPT_HUE = 0.5
# The most that this may come to, in turns: stamens and leaves under the mask would turn green otherwise.
MOST_HUE = 0.045
LIGHT = 0.88


def others(fact: dict) -> list[str]:
    """The colours that a photo's petals do not have."""
    return [colour for colour in TARGETS if colour not in (fact["colour"], fact["second"])]


def to_hsv(rgb: numpy.ndarray) -> numpy.ndarray:
    """Hue in turns, saturation and value of red, green and blue in 0…1."""
    value, lowest = rgb.max(-1), rgb.min(-1)
    chroma = value - lowest
    some = numpy.where(chroma == 0, 1, chroma)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    hue = numpy.select(
        [value == red, value == green],
        [((green - blue) / some) % 6, (blue - red) / some + 2], (red - green) / some + 4) / 6
    hue = numpy.where(chroma == 0, 0, hue)
    return numpy.stack([hue, chroma / numpy.where(value == 0, 1, value), value], -1)


def to_rgb(hsv: numpy.ndarray) -> numpy.ndarray:
    """Red, green and blue in 0…1 of hue in turns, saturation and value."""
    hue, saturation, value = hsv[..., :1], hsv[..., 1:2], hsv[..., 2:]
    place = (numpy.array([5, 3, 1]) + hue * 6) % 6
    return value - value * saturation * numpy.clip(numpy.minimum(place, 4 - place), 0, 1)


def recoloured(picture: Image.Image, mask: Image.Image, colour: str) -> Image.Image:
    """The picture with the petals under the mask (white, soft at its edge) in another colour."""
    share = numpy.asarray(mask.resize(picture.size, Image.Resampling.BICUBIC), float) / 255
    rgb = numpy.asarray(picture, float) / 255
    hsv = to_hsv(rgb)
    petals = share > 0.3
    if not petals.any():
        return picture
    hue, saturation, value = TARGETS[colour]
    median = numpy.median(hsv[..., 1][petals])
    light = numpy.quantile(hsv[..., 2][petals], 0.8)
    mean = numpy.angle(numpy.mean(numpy.exp(2j * numpy.pi * hsv[..., 0][petals]))) / (2 * numpy.pi)
    away = (hsv[..., 0] - mean + 0.5) % 1 - 0.5
    moved = numpy.stack([
        (hue / 360 + numpy.clip(KEPT_HUE * away, -MOST_HUE, MOST_HUE)) % 1,
        numpy.clip(hsv[..., 1] / max(median, 0.15) * saturation, 0, 1),
        numpy.clip(hsv[..., 2] / max(light, 0.3) * min(1, LIGHT * value), 0, 1),
    ], -1)
    mixed = share[..., None] * to_rgb(moved) + (1 - share[..., None]) * rgb
    return Image.fromarray(numpy.uint8(numpy.clip(mixed, 0, 1) * 255 + 0.5))
