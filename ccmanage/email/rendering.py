"""Make the texts of a mail from a template.

Templates are edited by administrators, so nothing in them can run for long, grow, or reach anything:

- Jinja's immutable sandbox without globals, filters or tests, values that are texts and nothing else;
- of its language only `{{ name }}`, `{% if %}`, `{% elif %}`, `{% else %}`, comparison with a text, `and`, `or`,
  `not` pass; there is no loop, call, attribute, operator or assignment, so that a template of n characters renders in
  a time proportional to n;
- the length of what comes out is bounded before it is rendered.

A value can also not pretend to be markup: each of its special characters is written as an entity first.
"""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ccmanage.core.text import is_clean
from ccmanage.email.errors import BadTemplate
from ccmanage.email.markup import Blocks, read_blocks

MAX_SOURCE: Final = 20_000
MAX_OUTPUT: Final = 100_000
MAX_SUBJECT: Final = 150
_MAX_DEPTH: Final = 12
_MAX_NODES: Final = 2_000
_HEADS: Final = ("subject", "preview", "why")
_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.Const,
    nodes.And,
    nodes.Or,
    nodes.Not,
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The parts of a mail, before they are laid out. All but the subject are HTML-escaped text."""

    subject: str
    preview: str
    why: str
    blocks: Blocks


class _Inert(str):
    """Text that is escaped already."""

    __slots__ = ()

    def __html__(self) -> str:
        """Tell Jinja to leave it."""
        return self


def render(source: str, values: Mapping[str, str]) -> Rendered:
    """Render a template with its values; raises BadTemplate with a sentence for its author."""
    heads, body = split_heads(source)
    filled = {name: fill(text, values) for name, text in heads.items()}
    subject = plain(filled["subject"])[:MAX_SUBJECT]
    if not subject:
        raise BadTemplate("A mail needs a subject.")
    return Rendered(subject, _one_line(filled["preview"]), _one_line(filled["why"]), read_blocks(fill(body, values)))


def check(source: str, names: frozenset[str]) -> None:
    """Tell the author of a template what is wrong with it; raises BadTemplate."""
    heads, body = split_heads(source)
    for text in (*heads.values(), body):
        _tree(text, dict.fromkeys(names, 1))
    if not body.strip():
        raise BadTemplate("A mail needs a text.")


def split_heads(source: str) -> tuple[dict[str, str], str]:
    """Cut a template into its heads and its body; raises BadTemplate."""
    if len(source) > MAX_SOURCE:
        raise BadTemplate(f"A template has at most {MAX_SOURCE} characters.")
    head, _, body = source.replace("\r\n", "\n").partition("\n\n")
    found = dict.fromkeys(_HEADS, "")
    for line in head.split("\n"):
        name, colon, text = line.partition(":")
        if not colon or name.strip().lower() not in found:
            raise BadTemplate("Begin with lines “Subject:”, “Preview:” and “Why:”, then an empty line.")
        found[name.strip().lower()] = text.strip()
    if not found["subject"]:
        raise BadTemplate("A mail needs a subject.")
    return found, body


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into a text, as HTML-escaped text; raises BadTemplate."""
    inert = {name: _inert(value) for name, value in values.items()}
    _tree(text, {name: len(value) for name, value in inert.items()})
    try:
        return _environment().from_string(text).render({name: _Inert(value) for name, value in inert.items()})
    except (TemplateError, RecursionError, SyntaxError) as error:
        raise BadTemplate(_sentence(error)) from None


def plain(text: str) -> str:
    """Turn HTML-escaped text into plain text on one line, fit for a header."""
    return " ".join("".join(one if one.isprintable() else " " for one in html.unescape(text)).split())


def _environment() -> ImmutableSandboxedEnvironment:
    # One a call: nothing of a template outlives it.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True, cache_size=0)
    for reachable in (environment.globals, environment.filters, environment.tests):
        reachable.clear()
    return environment


def _tree(text: str, lengths: Mapping[str, int]) -> None:
    """Refuse whatever is not in the small language, and whatever would become too long."""
    try:
        tree = _environment().parse(text)
    except (TemplateError, RecursionError) as error:
        raise BadTemplate(_sentence(error)) from None
    length = 0
    for node in _walk(tree):
        if not isinstance(node, _ALLOWED):
            raise BadTemplate(f"“{type(node).__name__}” cannot be used here: only {{{{ name }}}} and {{% if %}}.")
        if isinstance(node, nodes.Name):
            if node.ctx != "load" or node.name not in lengths:
                known = ", ".join(sorted(lengths))
                raise BadTemplate(f"There is no value named “{node.name[:60]}”. There are: {known}.")
            length += lengths[node.name]
        elif isinstance(node, nodes.TemplateData):
            length += len(node.data)
        elif isinstance(node, nodes.Const) and not isinstance(node.value, str):
            raise BadTemplate("Compare with a text in quotes.")
        elif isinstance(node, nodes.Operand) and node.op not in ("eq", "ne"):
            raise BadTemplate("Compare with == or != only.")
    if length > MAX_OUTPUT:
        raise BadTemplate("The mail would be too long.")


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    waiting, seen = [(tree, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if depth > _MAX_DEPTH or seen > _MAX_NODES:
            raise BadTemplate("The template is too complicated.")
        yield node
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _inert(value: str) -> str:
    """Write every character that could mean something to a template, to markup or to HTML as an entity."""
    text = "".join(one for one in value.replace("\r\n", "\n") if one == "\n" or is_clean(one))
    return "".join(one if one.isalnum() or one == " " else f"&#{ord(one)};" for one in text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sentence(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return f"The template cannot be read{f' (line {line})' if line else ''}: {told}"
