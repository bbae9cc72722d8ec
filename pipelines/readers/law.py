"""Documents of law.go.kr in XML: a statute, an administrative rule, an ordinance or a judgement in each file."""

import re
from typing import Any

from algok.pipelines.extraction.page import ExtractError
from algok.pipelines.extraction.statute import ROOTS, statute
from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.files import Files
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import compressed

_ROOT = re.compile(rf"(?:<\?xml[^>]{{0,200}}\?>\s*)?(?:<!--[^>]{{0,400}}-->\s*)?<(?:{'|'.join(ROOTS)})[\s>]")


class Law(Files):
    """What the open interface of law.go.kr gives for one document."""

    name = "law"
    extensions = compressed(".xml")
    by_content = True
    source = "law"

    def sniff(self, head: bytes) -> bool:
        return any(_ROOT.match(head.decode(charset, "ignore")) for charset in ("utf-8", "cp949"))

    def most(self, limits: ReadLimits) -> int:
        return limits.line_bytes

    def text(self, data: bytes, file: InputFile, pages: Pages) -> tuple[str, dict[str, Any]]:
        try:
            found = statute(data)
        except ExtractError as error:
            raise RecordError(error.reason if error.reason != "not_text" else "no_law", error.message) from None
        if not found.text:
            raise RecordError("no_text", "the document holds no article; its text may be a file that it links to")
        return found.text, {"title": found.title, **({"date": found.date} if found.date else {}), **found.meta}
