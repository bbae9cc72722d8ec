"""A reader of documents whose parser dies as one in C does: it stands for a crash of pdfium that nobody can ship."""

import ctypes
from typing import Any

from algok.pipelines.readers.files import DocumentFiles
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.readers.pages import Pages

DEADLY = b"%PDF-1.5 deadly"
GREEDY = b"%PDF-1.5 greedy"


class CrashingFiles(DocumentFiles):
    name = "crashing"

    def text(self, data: bytes, file: InputFile, pages: Pages) -> tuple[str, dict[str, Any]]:
        if data.startswith(DEADLY):
            ctypes.string_at(0)  # a real segmentation fault
        if data.startswith(GREEDY):
            bytearray(1 << 47)  # more than any process has addresses for
        return super().text(data, file, pages)
