"""Captions of flower photos from their facts: the most usual ones first."""

PLURALS = {
    "daisy": "daisies", "dandelion": "dandelions", "rose": "roses", "sunflower": "sunflowers", "tulip": "tulips",
    "flower": "flowers",
}


def thing(kind: str, colours: str, single: bool) -> str:
    """«a red tulip», «orange roses», «a daisy»."""
    words = f"{colours} {kind if single else PLURALS[kind]}".strip()
    if not single:
        return words
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def of(fact: dict, colour: str) -> list[str]:
    """Eight captions of a photo whose petals have a colour, which need not be the one it was taken with."""
    single = fact["scale"] == "close"
    second = fact["second"] if colour == fact["colour"] else None
    both = f"{colour} and {second}" if second else colour
    kind = fact["kind"]
    place = f" on a {fact['background']} background" if fact["background"] else ""
    whole, plain = thing(kind, both, single), thing(kind, colour, single)
    nameless, colourless = thing("flower", colour, single), thing(kind, "", single)
    view = {"close": f"a close-up of {whole}", "mid": f"a picture of {whole}", "many": f"many {whole}"}
    return [
        f"a photo of {whole}",
        f"a photo of {whole}{place}" if place else whole,
        plain,
        view[fact["scale"]],
        f"a photo of {nameless}",
        f"a photo of {colourless}",
        f"{nameless}{place}",
        f"a photo of {colourless}{place}" if place else f"a photo of {plain}",
    ]
