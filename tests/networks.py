"""Transformer encoders with a head for labels, as `optimum-cli export onnx` writes them, with random weights."""

import json
from pathlib import Path

import numpy as np


class Network:
    """Nodes and weights of a graph as they are added; every method gives the name of what it made."""

    def __init__(self, seed: int):
        self.nodes, self.weights, self._chance = [], {}, np.random.default_rng(seed)

    def add(self, kind: str, *inputs: str, **attributes) -> str:
        from onnx import helper

        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = value
        return name

    def random(self, *shape: int) -> str:
        return self.constant((self._chance.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32))

    def linear(self, given: str, wide: int, out: int) -> str:
        return self.add("Add", self.add("MatMul", given, self.random(wide, out)), self.random(out))

    def norm(self, given: str, wide: int) -> str:
        scale, offset = self.constant(np.ones(wide, np.float32)), self.constant(np.zeros(wide, np.float32))
        return self.add("LayerNormalization", given, scale, offset, axis=-1)


def write_network(
    folder: Path,
    tokenizer: Path | None,
    labels: list[str],
    *,
    vocabulary: int = 400,
    layers: int = 2,
    hidden: int = 16,
    heads: int = 2,
    places: int = 64,
    types: bool = True,
    seed: int = 1,
    config: dict | None = None,
) -> Path:
    """`model.onnx` with config.json and tokenizer.json beside it. One label: a single number, a score."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    net, size = Network(seed), hidden // heads
    given = net.add("Gather", net.random(vocabulary, hidden), "input_ids")
    if types:
        given = net.add("Add", given, net.add("Gather", net.random(2, hidden), "token_type_ids"))
    length = net.add("Shape", "input_ids", start=1, end=2)
    position = net.add("Slice", net.random(places, hidden), net.constant(np.array([0])), length)
    given = net.norm(net.add("Add", given, position), hidden)
    mask = net.add("Unsqueeze", net.add("Cast", "attention_mask", to=TensorProto.FLOAT), net.constant(np.array([1, 2])))
    mask = net.add("Mul", net.add("Sub", mask, net.constant(np.float32(1))), net.constant(np.float32(1e4)))
    split, merged = net.constant(np.array([0, 0, heads, size])), net.constant(np.array([0, 0, hidden]))
    for _ in range(layers):
        q, k, v = (net.add("Reshape", net.linear(given, hidden, hidden), split) for _ in range(3))
        q, v = (net.add("Transpose", part, perm=[0, 2, 1, 3]) for part in (q, v))
        found = net.add("MatMul", q, net.add("Transpose", k, perm=[0, 2, 3, 1]))
        found = net.add("Add", net.add("Mul", found, net.constant(np.float32(size**-0.5))), mask)
        found = net.add("MatMul", net.add("Softmax", found, axis=-1), v)
        found = net.add("Reshape", net.add("Transpose", found, perm=[0, 2, 1, 3]), merged)
        given = net.norm(net.add("Add", given, net.linear(found, hidden, hidden)), hidden)
        wide = net.add("Tanh", net.linear(given, hidden, 4 * hidden))
        given = net.norm(net.add("Add", given, net.linear(wide, 4 * hidden, hidden)), hidden)
    first = net.add("Gather", given, net.constant(np.array(0)), axis=1)
    logits = net.linear(net.add("Tanh", net.linear(first, hidden, hidden)), hidden, len(labels))
    net.nodes.append(helper.make_node("Identity", [logits], ["logits"], name="logits"))
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if types else [])]
    graph = helper.make_graph(
        net.nodes,
        "network",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(labels)])],
        [numpy_helper.from_array(value, name) for name, value in net.weights.items()],
    )
    folder.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(folder / "model.onnx"))
    said = {"id2label": {str(k): label for k, label in enumerate(labels)}, "max_position_embeddings": places}
    (folder / "config.json").write_text(json.dumps(said | (config or {})), "utf-8")
    if tokenizer:
        (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    return folder / "model.onnx"


def write_tokenizer(path: Path, texts: list[str], size: int = 400) -> Path:
    """A tokenizer.json as BERT's: words in pieces, [CLS] before and [SEP] behind."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # pyright: ignore[reportCallIssue]
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special, limit_alphabet=size // 2, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    ends = [("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    tokenizer.save(str(path))
    return path
