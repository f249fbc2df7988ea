#!/usr/bin/env python3
"""
Reads a whole data store over DICOMweb with `dicomweb-client`, and compares it with the files that were imported, as pydicom
reads them. Prints one JSON object: what was read, and every difference.

    client.py http://127.0.0.1:4566/datastore/DATASTORE_ID FOLDER_OF_FILES
"""

import json
import logging
import sys
import warnings
from pathlib import Path

import pydicom
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit

CHARACTER_SET = 0x00080005
PIXEL_DATA = {0x7FE00010, 0x7FE00008, 0x7FE00009}
# The extended offset table describes the encoded frames, so a file whose frames are encoded again does not have it.
OFFSET_TABLE = {0x7FE00001, 0x7FE00002}
# Photometric Interpretation and Planar Configuration, which decoding changes in colour images.
PIXEL_FORM = {0x00280004, 0x00280006}
# MPEG-2, MPEG-4 and HEVC.
VIDEO = {f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109)}
BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}


def sources(folder: Path):
    """The files of the folder by SOP Instance UID; files that pydicom cannot read, or that have no such UID, are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        try:
            dataset = pydicom.dcmread(path)
            found[dataset.SOPInstanceUID] = dataset
        except Exception:  # Not DICOM: an import refuses it too.
            continue
    return found


def values(dataset: Dataset, skip, place=""):
    """Each value by its place (`00081140.0.00081150`), in a form that is the same for all transfer syntaxes."""
    result = {}
    for element in dataset:
        if element.tag in skip or element.tag == CHARACTER_SET or element.tag.element == 0:
            continue
        where = f"{place}{int(element.tag):08X}"
        if element.VR == "SQ":
            result[where] = len(element.value)
            for index, item in enumerate(element.value):
                result |= values(item, skip, f"{where}.{index}.")
        elif element.VR in BINARY:
            result[where] = bytes(element.value or b"").rstrip(b"\0").hex()
        else:
            several = element.value if isinstance(element.value, list | pydicom.multival.MultiValue) else [element.value]
            result[where] = [None if value in (None, "") else comparable(element.VR, value) for value in several]
            if result[where] in ([], [None]):
                result[where] = []
    return result


def comparable(vr, value):
    if vr in {"DS", "IS", "FL", "FD", "US", "SS", "UL", "SL", "SV", "UV"}:
        return repr(float(value))
    return str(value).rstrip(" \0=") or None


def differences(name, expected, found):
    return [
        f"{name} {place}: {expected.get(place)!r} {found.get(place)!r}"
        for place in sorted(expected.keys() | found.keys())
        if expected.get(place) != found.get(place)
    ]


def frames_of(dataset: Dataset, count: int):
    """The frames of a file, not decoded."""
    pixels = next(dataset[tag].value for tag in PIXEL_DATA if tag in dataset)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        return list(generate_frames(pixels, number_of_frames=count))
    bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
    return [pixels[index * bits // 8 : (index + 1) * bits // 8] for index in range(count)]


def read_instance(client, found, source, report):
    uids = [found[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")]
    name = uids[2]
    skip = PIXEL_DATA | OFFSET_TABLE | (PIXEL_FORM if source.get("SamplesPerPixel", 1) > 1 else set())
    expected = values(source, skip)
    metadata = Dataset.from_json(client.retrieve_instance_metadata(*uids))
    metadata.pop(0x00020010, None)
    report["differences"] += differences(f"metadata {name}", expected, values(metadata, skip))
    for wanted in ("application/dicom", ("application/dicom", "*")):
        instance = client.retrieve_instance(*uids, media_types=(wanted,))
        report["differences"] += differences(f"instance {name}", expected, values(instance, skip))
        report["syntaxes"].append(str(instance.file_meta.TransferSyntaxUID))
    read_frames(client, uids, source, report)
    report["instances"].append(name)


def read_frames(client, uids, source, report):
    if not any(tag in source for tag in PIXEL_DATA):
        return
    syntax = source.file_meta.TransferSyntaxUID
    # In HealthImaging a video is one frame, however many images it has.
    count = 1 if syntax in VIDEO else int(source.get("NumberOfFrames", 1) or 1)
    try:
        frames = client.retrieve_instance_frames(*uids, list(range(1, count + 1)))
    except Exception as error:  # No frames were stored if their limits could not be found.
        report["without"].append([uids[2], str(error)[:3]])
        return
    report["frames"] += len(frames)
    is_kept = syntax == JPEGBaseline8Bit or syntax in VIDEO
    is_decoded = syntax.is_encapsulated or syntax == ExplicitVRBigEndian or source.BitsAllocated == 1
    if is_decoded and not is_kept:
        return
    if frames != frames_of(source, count):
        report["differences"].append(f"frames {uids[2]}")


def main(url: str, folder: Path):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    client = DICOMwebClient(url, permissive_uid=True)
    files = sources(folder)
    report = {"studies": 0, "series": 0, "instances": [], "frames": 0, "without": [], "syntaxes": [], "differences": []}
    for study in client.search_for_studies():
        report["studies"] += 1
        study_uid = study["0020000D"]["Value"][0]
        for series in client.search_for_series(study_uid):
            report["series"] += 1
            series_uid = series["0020000E"]["Value"][0]
            found = client.search_for_instances(study_uid, series_uid)
            metadata = client.retrieve_series_metadata(study_uid, series_uid)
            names = [sorted(each["00080018"]["Value"][0] for each in those) for those in (found, metadata)]
            if names[0] != names[1]:
                report["differences"].append(f"series {series_uid}")
            for each in metadata:
                source = files.get(each["00080018"]["Value"][0])
                if source is None:
                    report["differences"].append("an instance that is no file")
                else:
                    read_instance(client, each, source, report)
    report["syntaxes"] = sorted(set(report["syntaxes"]))
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
