"""The few shapes that a mail is made of. A template is written in them, once for HTML and plain text.

# Heading                     a paragraph: anything else; **strong** within
[Label](https://…)            a button, on a line of its own
= 123 456                     something to copy, large
| Label | value               a row of facts
- item                        a list
> small print
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

_BUTTON = re.compile(r"\[([^\[\]]+)\]\((\S+)\)")
_FACT = re.compile(r"\|([^|]+)\|([^|]*)\|?")


class Shape(StrEnum):
    """What a block looks like."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    BUTTON = "button"
    CODE = "code"
    FACTS = "facts"
    ITEMS = "items"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a mail. Texts are HTML-escaped; a button has its label and its address, facts have pairs."""

    shape: Shape
    lines: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Return the first text."""
        return self.lines[0][0]


Blocks = Sequence[Block]


def read_blocks(text: str) -> Blocks:
    """Cut filled text into blocks. What came from values holds no markup: it is made of entities."""
    safe = text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    blocks: list[Block] = []
    for line in safe.split("\n"):
        block = _read_line(line.strip())
        last = blocks[-1] if blocks else None
        if block is None:
            blocks.append(Block(Shape.PARAGRAPH, ()))
        elif last and last.shape is block.shape and block.shape in (Shape.FACTS, Shape.ITEMS):
            blocks[-1] = Block(last.shape, last.lines + block.lines)
        elif last and last.shape is Shape.PARAGRAPH and last.lines and block.shape is Shape.PARAGRAPH:
            blocks[-1] = Block(Shape.PARAGRAPH, ((f"{last.text} {block.text}", ""),))
        else:
            blocks.append(block)
    return [block for block in blocks if block.lines]


def _read_line(line: str) -> Block | None:
    if not line:
        return None
    if button := _BUTTON.fullmatch(line):
        if unescape(button[2]).startswith(("https://", "http://")):
            return Block(Shape.BUTTON, ((button[1].strip(), button[2]),))
        return Block(Shape.PARAGRAPH, ((f"{button[1]}: {button[2]}", ""),))
    if fact := _FACT.fullmatch(line):
        # A fact without a value is none: templates need no condition for what may be empty.
        value = fact[2].strip()
        return Block(Shape.FACTS, ((fact[1].strip(), value),) if value else ())
    for mark, shape in (
        ("# ", Shape.HEADING),
        ("= ", Shape.CODE),
        ("- ", Shape.ITEMS),
        ("&gt; ", Shape.SMALL),
    ):
        if line.startswith(mark):
            return _items(shape, line.removeprefix(mark).strip())
    return Block(Shape.PARAGRAPH, ((line, ""),))


def _items(shape: Shape, text: str) -> Block:
    # A value of several lines becomes as many items.
    parts = text.split("&#10;") if shape is Shape.ITEMS else [text]
    return Block(shape, tuple((part, "") for part in parts if part))
