"""From a parsed record (a JSON object, a row of CSV) to a document: its columns mapped, HTML in it extracted."""

import orjson

from algok.pipelines.documents import document_id
from algok.pipelines.readers.collector import Collector, Document, Raw, RecordError
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.frames import Frame
from algok.pipelines.readers.json_text import JsonFile, check_text, tolerant
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages

_BOM = b"\xef\xbb\xbf"


class Objects:
    """Documents of one shard's records, collected. A format whose objects have a shape of their own overrides `document`."""

    def __init__(self, fields: Fields, limits: ReadLimits, pages: Pages, collector: Collector):
        self.fields, self.limits, self._pages, self._collector = fields, limits, pages, collector

    def take_frame(self, file: JsonFile, frame: Frame) -> None:
        """A record as it was cut out of its file."""
        if frame.head:
            file.wide = frame.head.decode()
        if frame.reason is not None:
            self._collector.quarantine(
                file.name, frame.offset, frame.reason, frame.message, size=frame.size, payload=frame.data
            )
        else:
            self.take_json(file, frame.offset, frame.data, frame.size)

    def take_json(self, file: JsonFile, offset: int, data: bytes, size: int) -> None:
        """A record as JSON text; `size` counts the bytes around it too. Blank ones are ignored."""
        raw = Raw(file.name, offset, size, data)
        notes: dict | None = None
        try:
            record = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            if not data.strip():
                self._collector.ignore("blank_line", size)
                return
            if offset == 0 and data.startswith(_BOM):
                self.take_json(file, offset, data[len(_BOM) :], size)
                return
            try:
                record, notes = tolerant(data, file, str(error))
            except RecordError as refused:
                self._collector.quarantine(file.name, offset, refused.reason, str(refused), size=size, payload=data)
                return
        if file.wide is not None:
            notes = {**(notes or {}), "encoding": file.wide}
        # JSON never writes a text shorter than its UTF-8, so the record's size bounds the text's; in CP949 it is by half.
        self._collector.take(raw, self.document if type(record) is dict else _refuse, record, raw, data, notes)

    def document(self, record: dict, raw: Raw, payload: bytes, notes: dict | None = None) -> tuple[Document, int]:
        """The document of a record, which is used up, and a bound on its text in bytes; `payload` identifies it. `notes`, of
        how it was read, join its meta."""
        fields, limit = self.fields, self.limits.document_bytes
        text, column = fields.take_text(record)
        size = raw.size
        if notes:
            check_text(text, notes)
            size = len(text.encode())
        more = notes
        if column is not None:
            page = self._pages.read_column(raw.offset, text)
            self._collector.extracted("html")
            text, size = page.text, len(page.text.encode())
            more = {**(notes or {}), "title": page.title} if page.title else notes
        elif size > limit and len(text.encode()) > limit:
            raise RecordError("too_large", f"text longer than {limit:,} bytes")
        url, source, date, provenance, meta = fields.describe(record, more)
        identity = document_id(raw.file.encode(), raw.offset, payload)
        return Document(identity, text, url, source, date, provenance, meta, raw.file, raw.offset), size


def _refuse(record: object, *_: object) -> tuple[Document, int]:
    message = f"a record must be a JSON object, this is a {type(record).__name__}"
    hint = "; a file that is one array is read with format: json" if type(record) is list else ""
    raise RecordError("not_object", message + hint)
