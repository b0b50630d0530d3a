"""A picture somebody gave us, drawn anew. Runs only in a child process (`lib.limited`): decoders
of pictures are old and large, and what they leave out is what we do not want to serve."""

from __future__ import annotations

import io

from PIL import Image

#: What is read, whatever else the library could.
FORMATS = ("PNG", "JPEG", "WEBP")


def as_png(data: bytes, *, most: int) -> bytes:
    """The same picture as a PNG of at most ``most`` pixels in width and height, with nothing
    beside the pixels: no names, places, profiles or further pictures."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        picture.draft("RGB", (most, most))
        picture.seek(0)
        plain = picture.convert("RGBA" if "A" in picture.mode or picture.info else "RGB")
    plain.thumbnail((most, most))
    clean = Image.new(plain.mode, plain.size)
    clean.paste(plain)
    into = io.BytesIO()
    clean.save(into, "PNG", optimize=True)
    return into.getvalue()
