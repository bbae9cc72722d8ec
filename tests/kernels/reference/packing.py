"""What `algok.kernels.packing` computes, from lists: slow, and plain enough to be checked by reading."""


def best_fit(lengths: list[int], room: int) -> tuple[list[int], int]:
    sequences: list[dict] = []
    longest_first = sorted(range(len(lengths)), key=lambda k: (-lengths[k], k))
    for clock, piece in enumerate(longest_first):
        fitting = [one for one in sequences if one["left"] >= lengths[piece]]
        if fitting:
            chosen = min(fitting, key=lambda one: (one["left"], -one["touched"]))
        else:
            chosen = {"opener": piece, "left": room, "pieces": []}
            sequences.append(chosen)
        chosen["pieces"].append(piece)
        chosen["left"] -= lengths[piece]
        chosen["touched"] = clock
    found = [0] * len(lengths)
    for number, one in enumerate(sorted(sequences, key=lambda one: one["opener"])):
        for piece in one["pieces"]:
            found[piece] = number
    return found, len(sequences)


def split(lengths: list[int], room: int) -> list[tuple[int, int, int]]:
    pieces = []
    for document, length in enumerate(lengths):
        pieces += [(document, k, min(room, length - begin)) for k, begin in enumerate(range(0, length, room))]
    return pieces


def arrange(sizes: list[int], sequences: list[int], room: int) -> list[tuple[int, int]]:
    found, filled = [], {}
    for k in sorted(range(len(sizes)), key=lambda k: sequences[k]):
        before = filled.get(sequences[k], 0)
        found.append((k, sequences[k] * room + before))
        filled[sequences[k]] = before + sizes[k]
    return found
