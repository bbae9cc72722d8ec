"""What one record of an input may cost."""

from pydantic import BaseModel, ConfigDict, Field


class ReadLimits(BaseModel):
    """What one record may cost. Larger or slower records go to quarantine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document_bytes: int = Field(
        default=8 << 20, ge=1 << 10, le=16 << 20, description="Raw page, or text of one row, in bytes."
    )
    page_bytes: int = Field(
        default=4 << 20, ge=1 << 10, le=16 << 20, description="One page of HTML; parsing takes up to 130 times that."
    )
    file_bytes: int = Field(
        default=128 << 20, ge=1 << 10, le=1 << 30, description="One document file (PDF, HWP, DOCX …) in bytes."
    )
    unpacked_bytes: int = Field(
        default=128 << 20, ge=1 << 10, le=1 << 30, description="What the members of a document unfold to, in bytes."
    )
    pages: int = Field(default=10_000, ge=1, le=1_000_000, description="Pages of one PDF.")
    line_bytes: int = Field(
        default=16 << 20, ge=1 << 10, le=256 << 20, description="One line of JSONL, or one JSON object, in bytes."
    )
    nesting: int = Field(default=10_000, ge=16, le=100_000, description="Depth of open HTML elements.")
    seconds: float = Field(
        default=30,
        gt=0,
        le=86_400,
        description="Time to extract one document, or one page of a PDF; enforced by the engine's watchdog.",
    )
