"""What a mix writes: one pass over an output shard gives every format. A format is one file here and one line in FORMATS."""

from contextlib import ExitStack

from algok.mixing.formats.dolma import Dolma
from algok.mixing.formats.ledger import Ledger
from algok.mixing.formats.mds import MDS
from algok.mixing.formats.megatron import Megatron
from algok.mixing.formats.nanotron import Nanotron
from algok.mixing.formats.tables import Texts, TokenTable
from algok.mixing.formats.writer import Target, Writer

FORMATS: dict[str, type[Writer]] = {
    "parquet": Texts,
    "tokens": TokenTable,
    "megatron": Megatron,
    "dolma": Dolma,
    "mds": MDS,
    "nanotron": Nanotron,
}


def open_writers(stack: ExitStack, target: Target, names: list[str]) -> list[Writer]:
    """The ledger and a writer for every format, for one output shard."""
    return [Ledger(stack, target), *(FORMATS[name](stack, target) for name in names)]
