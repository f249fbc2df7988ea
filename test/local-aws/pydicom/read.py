#!/usr/bin/env python3
"""
Reads the public test files of pydicom with pydicom and prints one JSON object per file: the verdict, the frames, and each
attribute as the metadata of an image set should have it. `comparison.test.ts` compares them with our own reading.

    python3 -m venv .local/pydicom
    .local/pydicom/bin/pip install pydicom==3.0.2 pydicom-data==1.0.0
"""

import base64
import hashlib
import json
import logging
import math
import sys
import warnings
from pathlib import Path

import data_store
import pydicom
from pydicom.datadict import dictionary_description, dictionary_keyword, dictionary_VM
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.multival import MultiValue
from pydicom.pixels.utils import get_expected_length, get_nr_frames

REQUIRED = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]
PIXEL_DATA = [0x7FE00010, 0x7FE00008, 0x7FE00009]
BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
NUMBERS = {"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"}
ONE_TEXT = {"LT", "ST", "UR", "UT"}
VIDEO = [f"1.2.840.10008.1.2.4.{n}" for n in range(100, 109)]
LEVELS_FILE = Path(__file__).with_name("levels.txt")


def levels_of_elements():
    """The level of each element in AWS's list, by keyword. A name that is not the standard's means that its tag is misspelt."""
    levels, level = {}, None
    for line in LEVELS_FILE.read_text().splitlines():
        if line.startswith("("):
            tag = int(line[1:5] + line[6:10], 16)
            if dictionary_description(tag).lower() != line[12:].lower():
                raise ValueError(f"{line}: the standard has {dictionary_description(tag)}")
            levels[dictionary_keyword(tag)] = level
        elif not line.startswith("#"):
            level = line
    return levels


LEVELS = levels_of_elements()


def dicom_files():
    """The DICOM files of the two packages. A file that exists under several names is read once."""
    seen = set()
    for package in (pydicom, data_store):
        root = Path(package.__file__).parent
        for path in sorted(root.rglob("*")):
            if not path.is_file() or path.suffix in {".py", ".pyc", ".json"}:
                continue
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if digest in seen or not (path.suffix == ".dcm" or content[128:132] == b"DICM"):
                continue
            seen.add(digest)
            yield path, f"{root.name}/{path.relative_to(root)}"


def number(value):
    """Integers beyond 2**53 (SV, UV), NaN and infinities become texts, because JSON has no numbers for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value if isinstance(value, float) or abs(value) < 2**53 else str(value)


def values_of(element, raw):
    value = element.value
    if element.VR in {"DS", "IS"}:
        # The text of the file, because the numbers of pydicom do not keep spelling and padding.
        return [text.rstrip("\0") or None for text in raw.decode("latin-1").split("\\")]
    items = list(value) if isinstance(value, MultiValue | list) else [value]
    if element.VR in NUMBERS:
        return [number(item) for item in items]
    if element.VR == "AT":
        return [f"{int(item):08X}" for item in items]
    return [str(item).rstrip(" \0") or None for item in items]


def multiplicity(tag):
    try:
        return dictionary_VM(tag)
    except KeyError:
        return "1"


def attributes_of(dataset: Dataset, vrs, skip=()):
    """The members of the metadata. The VRs of those without a keyword are added to `vrs`."""
    result = {}
    for tag in dataset.keys():
        if int(tag) in skip:
            continue
        raw = dataset.get_item(tag).value
        element = dataset[tag]
        name = element.keyword or f"{int(tag):08X}"
        if not element.keyword:
            vrs[name] = element.VR
        result[name] = value_of(element, raw, vrs)
    return result


def value_of(element, raw, vrs):
    if element.VR == "SQ":
        return [attributes_of(item, vrs) for item in element.value]
    if element.VR in BINARY:
        return base64.b64encode(element.value).decode() or None if element.value else None
    if element.value is None or raw in (None, b"", ""):
        return None
    values = values_of(element, raw)
    if values in ([], [None]):
        return None
    return values[0] if multiplicity(element.tag) == "1" and len(values) == 1 else values


def frames_of(dataset: Dataset, syntax: str):
    tag = next((tag for tag in PIXEL_DATA if tag in dataset), None)
    if tag is None:
        return []
    pixels = dataset[tag].value
    if dataset[tag].is_undefined_length:
        extended = None
        if dataset.get("ExtendedOffsetTable"):
            extended = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
        number_of_frames = get_nr_frames(dataset, warn=False)
        frames = list(generate_frames(pixels, number_of_frames=number_of_frames, extended_offsets=extended))
        return [b"".join(frames)] if syntax in VIDEO else frames
    length = get_expected_length(dataset)
    count = get_nr_frames(dataset, warn=False)
    if len(pixels) < length or length == 0:
        return []
    if dataset.PhotometricInterpretation == "YBR_FULL_422" and len(pixels) >= length // 2 * 3:
        length = length // 2 * 3
    if length % count:
        raise ValueError("frames do not end with a byte")
    size = length // count
    return [pixels[index * size : (index + 1) * size] for index in range(count)]


def read(path: Path):
    dataset = pydicom.dcmread(path)
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    missing = [] if syntax else ["TransferSyntaxUID"]
    missing += [keyword for keyword in REQUIRED if not dataset.get(keyword)]
    vrs = {}
    attributes = attributes_of(dataset.file_meta, vrs) | attributes_of(dataset, vrs, PIXEL_DATA)
    try:
        frames = frames_of(dataset, syntax)
    except (AttributeError, TypeError, ValueError):
        frames = []
    digests = [hashlib.sha256(frame).hexdigest() for frame in frames]
    levels = {name: LEVELS.get(name, "instance") for name in attributes}
    return {
        "verdict": "read",
        "missing": missing,
        "attributes": attributes,
        "levels": levels,
        "vrs": vrs,
        "frames": digests,
    }


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    for path, name in dicom_files():
        try:
            reading = read(path)
        except Exception as error:  # Any error means that pydicom cannot read the file.
            reading = {"verdict": "refused", "error": f"{type(error).__name__}: {error}"}
        json.dump({"path": str(path), "name": name, **reading}, sys.stdout)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
