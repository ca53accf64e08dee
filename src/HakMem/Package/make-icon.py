#!/usr/bin/env python3
"""Writes icon.png beside this file: a slab of sixteen blocks, most of them in use. Standard library only."""
import pathlib
import struct
import zlib

SIZE, SAMPLES = 128, 4
BACKGROUND, FREE = (24, 34, 52), (52, 68, 96)
USED = [(77, 182, 172), (255, 183, 77), (100, 181, 246)]
BLOCKS = ["0010", "2.01", "11.0", "0012"]   # an index into USED, or a free block
MARGIN, PITCH, BLOCK = 16, 25, 21


def inside(x, y, left, top, width, radius):
    """Whether a point lies in a square with round corners."""
    dx = max(left + radius - x, x - (left + width - radius), 0)
    dy = max(top + radius - y, y - (top + width - radius), 0)
    return dx * dx + dy * dy <= radius * radius


def color(x, y):
    if not inside(x, y, 0, 0, SIZE, 22):
        return (0, 0, 0, 0)
    for row, line in enumerate(BLOCKS):
        for column, mark in enumerate(line):
            if inside(x, y, MARGIN + column * PITCH, MARGIN + row * PITCH, BLOCK, 5):
                return (*(FREE if mark == "." else USED[int(mark)]), 255)
    return (*BACKGROUND, 255)


def pixel(column, row):
    """The mean of the samples; colors count by their opacity."""
    samples = [color(column + (i + 0.5) / SAMPLES, row + (j + 0.5) / SAMPLES) for i in range(SAMPLES) for j in range(SAMPLES)]
    opacity = sum(sample[3] for sample in samples)
    mean = [round(sum(sample[i] * sample[3] for sample in samples) / opacity) if opacity else 0 for i in range(3)]
    return bytes([*mean, round(opacity / len(samples))])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + b"".join(pixel(column, row) for column in range(SIZE)) for row in range(SIZE))
image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
pathlib.Path(__file__).with_name("icon.png").write_bytes(image)
