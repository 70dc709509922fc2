"""Pictures of pages, as they stand in the documentation."""

import io
import pathlib

from PIL import Image, ImageChops, ImageStat

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "pictures"

# Machines draw letters a little differently: of 255, on average over a coarse picture.
MOST = 6


def coarse(image):
    return image.convert("RGB").resize((48, 48), Image.Resampling.BOX)


def expect_picture(name, png, is_update):
    """That the picture with this name is this one, by size and content; or makes it."""
    found, path = Image.open(io.BytesIO(png)), FOLDER / f"{name}.png"
    if is_update:
        FOLDER.mkdir(exist_ok=True)
        found.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
        return
    expected = Image.open(path)
    for place in (0, 1):
        assert abs(found.size[place] - expected.size[place]) <= 0.05 * expected.size[place], (name, found.size, expected.size)
    difference = sum(ImageStat.Stat(ImageChops.difference(coarse(found), coarse(expected))).mean) / 3
    assert difference <= MOST, f"{name} differs by {difference:.1f}: look at it, and run with --update"
