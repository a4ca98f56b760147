"""Reads token files as training programs do, and compares them with ids as text.

    read_id_files.py FORMAT FILE IDS

FORMAT is u16, u32, npy or megatron; IDS has a line of ids for each document. The Megatron reader follows the
layout that Megatron-LM publishes for its indexed datasets and shares no code with it or with this project.
"""

import struct
import sys

import numpy


def documents_beside(ids, begins):
    assert begins.dtype == numpy.dtype("<u8") and begins[0] == 0 and begins[-1] == len(ids)
    return [ids[begin:end] for begin, end in zip(begins[:-1], begins[1:])]


def read_memmap(path, kind):
    ids = numpy.memmap(path, dtype=kind, mode="r")
    return documents_beside(ids, numpy.fromfile(path + ".docs", dtype="<u8"))


def read_npy(path):
    ids = numpy.load(path, mmap_mode="r")
    assert ids.ndim == 1 and ids.dtype in (numpy.dtype("<u2"), numpy.dtype("<u4"))
    assert numpy.array_equal(ids, numpy.load(path))
    return documents_beside(ids, numpy.load(path + ".docs"))


def read_megatron(path):
    types = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f8", 7: "<f4", 8: "<u2"}
    prefix = path[: -len(".bin")]
    with open(prefix + ".idx", "rb") as index:
        assert index.read(9) == b"MMIDIDX\x00\x00"
        (version,) = struct.unpack("<Q", index.read(8))
        (code,) = struct.unpack("<B", index.read(1))
        (sequences,) = struct.unpack("<Q", index.read(8))
        (documents,) = struct.unpack("<Q", index.read(8))
        assert version == 1
        sizes = numpy.frombuffer(index.read(4 * sequences), dtype="<i4")
        offsets = numpy.frombuffer(index.read(8 * sequences), dtype="<i8")
        firsts = numpy.frombuffer(index.read(8 * documents), dtype="<i8")
        assert index.read() == b""
    assert firsts[0] == 0 and firsts[-1] == sequences
    data = numpy.memmap(prefix + ".bin", mode="r")
    kind = numpy.dtype(types[code])
    found = []
    for first, end in zip(firsts[:-1], firsts[1:]):
        parts = [
            numpy.frombuffer(data, dtype=kind, count=sizes[i], offset=offsets[i]) for i in range(first, end)
        ]
        found.append(numpy.concatenate(parts) if parts else numpy.empty(0, kind))
    return found


def main():
    form, path, text = sys.argv[1:]
    if form == "npy":
        found = read_npy(path)
    elif form == "megatron":
        found = read_megatron(path)
    else:
        found = read_memmap(path, {"u16": "<u2", "u32": "<u4"}[form])
    with open(text) as lines:
        expected = [[int(word) for word in line.split()] for line in lines]
    assert len(found) == len(expected), (len(found), len(expected))
    for i, (a, b) in enumerate(zip(found, expected)):
        assert a.tolist() == b, f"document {i}"


main()
