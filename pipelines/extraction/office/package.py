"""A document that is a zip archive: its members within a bound on what they unfold to."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from algok.pipelines.extraction.page import ExtractError

_BLOCK = 1 << 18
_MOST_MEMBERS = 50_000
_ENDS = b"PK\x05\x06"  # the record at the end of a whole archive
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
)


class Package:
    """The members of an archive by name. `unpacked` bounds the bytes of all that is read from it."""

    def __init__(self, data: bytes, unpacked: int):
        self._left = self._limit = unpacked
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            whole = _ENDS in data[-(1 << 17) :]
            reason = "corrupt" if whole else "truncated"
            message = f"its archive is not readable ({type(error).__name__})" if whole else "its archive ends early"
            raise ExtractError(reason, message) from None
        self.names = self._zip.namelist()
        if len(self.names) > _MOST_MEMBERS:
            raise ExtractError("too_large", f"{len(self.names):,} members, limit {_MOST_MEMBERS:,}")
        self._known = set(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def blocks(self, name: str) -> Iterator[bytes]:
        """The content of a member, decompressed as it is asked for. Raises ExtractError where it cannot be read."""
        try:
            with self._zip.open(name) as member:
                while block := member.read(_BLOCK):
                    self._left -= len(block)
                    if self._left < 0:
                        raise ExtractError("too_large", f"unfolds to more than {self._limit:,} bytes")
                    yield block
        except _BROKEN as error:
            if isinstance(error, RuntimeError) and "encrypted" in str(error):
                raise ExtractError("encrypted", "its members need a password") from None
            raise ExtractError("corrupt", f"a member is not readable ({type(error).__name__})") from None

    def read(self, name: str) -> bytes:
        """The whole content of a small member; empty where there is none of that name."""
        return b"".join(self.blocks(name)) if name in self else b""

    def numbered(self, folder: str, stem: str, suffix: str = ".xml") -> list[str]:
        """The members `folder/stem0.xml`, `folder/stem1.xml`, … in order of their numbers."""
        found = []
        for name in self.names:
            base = name.removeprefix(folder)
            number = base.removeprefix(stem).removesuffix(suffix)
            if name.startswith(folder) and base == f"{stem}{number}{suffix}" and (number.isdecimal() or not number):
                found.append((int(number or 0), name))
        return [name for _, name in sorted(set(found))]
