"""Writes encoded-frames.json: frames by encoders that the local AWS does not use, with the pixels that they hold.

    pip install numpy==2.4.6 pydicom==3.0.1 pyjpegls==1.5.1 imagecodecs==2026.3.6
    python3 encoded-frames.py > encoded-frames.json
"""

import base64
import json

import imagecodecs
import jpeg_ls
import numpy as np
import pydicom
from pydicom.pixels.encoders.native import _encode_frame
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.pixels.encoders.base import EncodeRunner

ROWS, COLUMNS = 19, 26
random = np.random.default_rng(12)


def image(low, high, dtype, samples=1):
    """A slope with noise on it, and the extreme values in two corners."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    planes = [np.roll((x * 3 + y * 5) / (COLUMNS * 3 + ROWS * 5), i * 7, axis=1) for i in range(samples)]
    share = np.clip(np.stack(planes, -1) + random.normal(0, 0.02, (ROWS, COLUMNS, samples)), 0, 1)
    pixels = (low + share * (high - low)).astype(dtype)
    pixels[0, 0], pixels[-1, -1] = low, high
    return pixels[:, :, 0] if samples == 1 else pixels


def rle(pixels, stored):
    runner = EncodeRunner(RLELosslessEncoder.UID)
    runner.set_options(
        rows=ROWS,
        columns=COLUMNS,
        samples_per_pixel=pixels.shape[2] if pixels.ndim == 3 else 1,
        photometric_interpretation="RGB" if pixels.ndim == 3 else "MONOCHROME2",
        bits_allocated=pixels.itemsize * 8,
        bits_stored=stored,
        pixel_representation=1 if pixels.dtype.kind == "i" else 0,
        number_of_frames=1,
        planar_configuration=0,
    )
    return bytes(_encode_frame(pixels.tobytes(), runner))


unsigned = lambda pixels, stored: (pixels.view(f"u{pixels.itemsize}") & ((1 << stored) - 1)).copy()

u8, s8 = image(0, 255, np.uint8), image(-128, 127, np.int8)
u16, s16 = image(0, 65535, np.uint16), image(-32768, 32767, np.int16)
u12, s12 = image(0, 4095, np.uint16), image(-2048, 2047, np.int16)
stray = u12 | np.where(u12 % 5 == 0, 0x9000, 0).astype(np.uint16)
rgb = image(0, 255, np.uint8, 3)

ljpeg = lambda pixels, stored: imagecodecs.ljpeg_encode(unsigned(pixels, stored), bitspersample=stored)
jls = lambda pixels, stored: jpeg_ls.encode_array(unsigned(pixels, stored))
j2k = lambda pixels, stored: imagecodecs.jpeg2k_encode(
    pixels, codecformat="j2k", reversible=True, level=0, bitspersample=stored
)
htj2k = lambda pixels, stored: imagecodecs.htj2k_encode(pixels, reversible=True)

planes = np.ascontiguousarray(rgb.transpose(2, 0, 1))
cases = {
    "1.2.840.10008.1.2.5": [(rle, [u8, s8, u16, s16, u12, s12, stray, rgb])],
    "1.2.840.10008.1.2.4.57": [(ljpeg, [u8, u16, u12])],
    "1.2.840.10008.1.2.4.70": [(ljpeg, [u8, u16, s16, u12, s12])],
    "1.2.840.10008.1.2.4.80": [
        (jls, [u8, s8, u16, s16, u12, s12]),
        (lambda pixels, stored: jpeg_ls.encode_array(planes, interleave_mode=0), [rgb]),
        (lambda pixels, stored: jpeg_ls.encode_array(pixels, interleave_mode=1), [rgb]),
        (lambda pixels, stored: jpeg_ls.encode_array(pixels, interleave_mode=2), [rgb]),
    ],
    "1.2.840.10008.1.2.4.90": [(j2k, [u8, u16, s16, u12, rgb])],
    "1.2.840.10008.1.2.4.201": [(htj2k, [u8, u16, s16, rgb])],
}
frames = [
    {
        "transferSyntaxUid": uid,
        "rows": ROWS,
        "columns": COLUMNS,
        "samplesPerPixel": pixels.shape[2] if pixels.ndim == 3 else 1,
        "bitsAllocated": pixels.itemsize * 8,
        "bitsStored": 12 if pixels is u12 or pixels is s12 or pixels is stray else pixels.itemsize * 8,
        "pixelRepresentation": 1 if pixels.dtype.kind == "i" else 0,
        "min": int(pixels.min()),
        "max": int(pixels.max()),
        "frame": encode(pixels, 12 if pixels is u12 or pixels is s12 else pixels.itemsize * 8),
        "pixels": pixels.tobytes(),
    }
    for uid, encoders in cases.items()
    for encode, images in encoders
    for pixels in images
]

# No encoder of JPEG lossless in colour is on PyPI: a frame that GDCM encoded, which pydicom brings along.
file = pydicom.dcmread(pydicom.data.get_testdata_file("SC_rgb_jpeg_gdcm.dcm"))
frames.append(
    {
        "transferSyntaxUid": str(file.file_meta.TransferSyntaxUID),
        "rows": file.Rows,
        "columns": file.Columns,
        "samplesPerPixel": 3,
        "bitsAllocated": 8,
        "bitsStored": 8,
        "pixelRepresentation": 0,
        "min": int(file.pixel_array.min()),
        "max": int(file.pixel_array.max()),
        "frame": next(pydicom.encaps.generate_frames(file.PixelData, number_of_frames=1)),
        "pixels": file.pixel_array.tobytes(),
    }
)
print(json.dumps(frames, indent=1, default=lambda data: base64.b64encode(data).decode()))
