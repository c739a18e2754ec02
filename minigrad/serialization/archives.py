"""Zip files from strangers: what is read is never larger than the file could honestly hold."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

import numpy as np

_STEP = 1 << 20  # bytes read at once
# How much larger an entry can become: deflate writes at most 258 bytes for 2 bits.
_RATIOS = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1032}
_HEADER = 30  # the least bytes that stand before an entry's data


class Archive:
    """The entries of a zip file by name; each is read when asked for.

    Raises:
        Exception: Of many types: the file is broken, or two entries share bytes (as in a zip bomb),
            or one claims to be larger than its compression allows.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self.zip = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise ValueError(f"{error}, though it begins like one: cut short?") from error
        entries = sorted(self.zip.infolist(), key=lambda entry: entry.header_offset)
        self.entries = {entry.filename: entry for entry in entries}
        if len(self.entries) < len(entries):
            raise ValueError("two of its entries have one name")
        size, end = file.seek(0, 2), 0
        for entry in entries:
            if entry.header_offset < end:
                raise ValueError("its entries overlap")
            end = entry.header_offset + _HEADER + entry.compress_size
            if entry.compress_type not in _RATIOS:
                raise ValueError(f"its entry {entry.filename!r:.80} is neither stored nor deflated")
            if end > size or entry.file_size > _RATIOS[entry.compress_type] * entry.compress_size:
                raise ValueError(f"its entry {entry.filename!r:.80} is larger than the file")

    def bytes(self, name: str) -> bytes:
        """An entry's bytes, where they are few."""
        return self.read(name).tobytes()

    def read(self, name: str) -> np.ndarray:
        """The bytes of an entry as an array of its own."""
        entry = self.entries[name]
        data = np.empty(entry.file_size, np.uint8)
        with self.zip.open(entry) as stream:
            for start in range(0, data.size, _STEP):
                part = stream.read(min(_STEP, data.size - start))
                data[start : start + len(part)] = np.frombuffer(part, np.uint8)
                if len(part) < min(_STEP, data.size - start):
                    raise ValueError(f"its entry {name!r:.80} ends too early")
            stream.read(1)  # at the end the checksum is compared
        return data
