"""Plain text: the body as it is, its charset found."""

from algok.pipelines.extraction.page import Body, Page
from algok.pipelines.extraction.tidy import tidy

PLAIN_TYPES = frozenset({"text/plain", "text/markdown"})


class Plain:
    """Bodies that are declared as plain text, and those of a vague type that hold no zero byte at their beginning."""

    types = PLAIN_TYPES

    def recognises(self, body: Body) -> bool:
        return body.mime in PLAIN_TYPES or (body.is_vague and "\0" not in body.head)

    def extract(self, body: Body) -> Page:
        body.check_decoded()
        return body.page(tidy(body.decoded.text.replace("\0", "")))
