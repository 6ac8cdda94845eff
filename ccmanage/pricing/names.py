"""Model names: one spelling for each model, and the patterns that prices carry.

A pattern is anchored at both ends and has three wildcards: `*` any text, `?` any character, `#` any digit.
"""

import re
from functools import lru_cache

WILDCARDS = "*?#"

_ROUTERS = "anthropic|azure_ai|bedrock|bedrock_converse|converse|invoke|openrouter|vertex_ai"
_CLOUD_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"

# Vendors, clouds and routers spell one model in many ways. Each rule is tried once, from the top.
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(spelling, re.ASCII), canonical)
    for spelling, canonical in (
        # Claude Code's mark of the long context window: claude-opus-4-6[1m]
        (r"\[1m\]$", ""),
        # OpenRouter's marks that do not change the price: claude-sonnet-4.5:beta
        (r":(?:beta|thinking)$", ""),
        # Bedrock by its full name: arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-…
        (r"^arn:aws[a-z-]*:bedrock:[^/]*/", ""),
        # Vertex by its full name: projects/p/locations/l/publishers/anthropic/models/claude-…
        (r"^(?:projects/[^/]+/locations/[^/]+/)?publishers/anthropic/models/", ""),
        # Routers put provider, way of calling and region in front: bedrock/eu-west-1/anthropic.claude-…
        (rf"^(?:(?:{_ROUTERS}|{_CLOUD_REGION})/)+", ""),
        # Bedrock's geography and vendor: us.anthropic.claude-…, global.anthropic.claude-…
        (r"^(?:[a-z-]{2,12}\.)?anthropic\.", ""),
        # Bedrock's version of the deployment: …-v1:0 (but claude-v2 and claude-instant-v1 are models)
        (r"(?<!claude)(?<!instant)-v\d+(?::\d+(?::\d+k)?)?$", ""),
        # Vertex writes the date after @: claude-sonnet-4@20250514
        (r"@(?:default|latest)$", ""),
        (r"@(?=[\d#])", "-"),
    )
)


def normalise_model(name: str) -> str:
    """Return the one spelling of a model's name, or of a pattern of names."""
    name = name.strip().lower()
    for spelling, canonical in _SPELLINGS:
        name = spelling.sub(canonical, name)
    return name


def is_exact(pattern: str) -> bool:
    """Tell whether the pattern names one model only."""
    return not any(wildcard in pattern for wildcard in WILDCARDS)


@lru_cache(maxsize=4096)
def literal_prefix(pattern: str) -> str:
    """Return what stands before the first wildcard."""
    return re.split(r"[*?#]", pattern, maxsplit=1)[0]


def matches(pattern: str, name: str) -> bool:
    """Tell whether a normalised name fits the pattern from end to end."""
    return name.startswith(literal_prefix(pattern)) and _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into an expression that never tries a way twice (names come from outside)."""
    first, *rest = (_segment(part) for part in re.split(r"\*+", pattern))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}", re.DOTALL)


def _segment(part: str) -> str:
    return re.escape(part).replace(r"\?", ".").replace(r"\#", "[0-9]")
