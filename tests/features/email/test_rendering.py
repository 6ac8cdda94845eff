"""Templates: every shipped one renders; an edited one can neither run for long nor reach anything."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from ccmanage.email.catalogue import COMMON, LANGUAGES, TEMPLATES
from ccmanage.email.errors import BadTemplate
from ccmanage.email.layout import Frame, to_html, to_text
from ccmanage.email.press import print_mail
from ccmanage.email.rendering import MAX_OUTPUT, check, fill, render
from ccmanage.email.shipped import shipped_source

FRAME = Frame("ccmanage", "https://cc.example.com", "en", "Example GmbH\nBerlin <x>", "https://cc.example.com/stop?t=1")
HEAD = "Subject: s\n\n"


# What values may also be, besides the samples: each turns a condition of some template.
VARIANTS: dict[str, tuple[dict[str, str], ...]] = {
    "accounts.factor_changed": ({"change": "off"}, {"change": "reset"}, {"change": "codes"}),
    "accounts.suspended": ({"keys": "handed"},),
    "alerts.digest": ({"workspace": ""},),
    "alerts.threshold": ({"workspace": ""},),
    "credits.request_decided": ({"decision": "denied"}, {"expires": "1 January 2027", "reason": ""}),
    "webhooks.disabled": ({"workspace": ""},),
    "workspaces.invited": ({"role": "owner"}, {"role": "manager"}, {"role": "viewer"}),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_mail_says_what_why_and_how_to_stop_it(name: str, language: str) -> None:
    template = TEMPLATES[name]
    stop = "https://cc.example.com/stop?t=1" if template.is_notification else ""
    frame = Frame("Firma", "https://cc.example.com", language, stop_url=stop)
    for variant in ({}, *VARIANTS.get(name, ())):
        printed = print_mail(
            name, shipped_source(name, language), {**template.samples, "name": "Ann", **variant}, frame
        )
        # A sentence without its value shows as doubled spaces, a dangling sign or a word of the programme.
        for text in (printed.subject, printed.text):
            assert not re.search(r"undefined|None|null|NaN|“”|\*\*|\{|\}|(?m:^\s*[:：])| [.,!?]", text), (variant, text)
        foot = printed.text.rpartition("\n-- \n")[2].splitlines()
        assert "Firma" in foot[0], "the first line of the foot says why it comes"
        assert [line for line in foot if "stop?t=1" in line] == ([foot[1]] if stop else [])
        assert ("stop?t=1" in printed.html) == bool(stop)
        if language == "zh":
            assert re.search("[\u4e00-\u9fff]", printed.text.partition("\n-- \n")[0])
            assert re.search("[\u4e00-\u9fff]", foot[0])


def test_a_digest_has_a_bullet_for_each_alert() -> None:
    frame = Frame("Firma", "https://cc.example.com", "en", stop_url="https://cc.example.com/stop?t=1")
    values = {**TEMPLATES["alerts.digest"].samples, "lines": "50 credits left (40 <b>)\n40 credits left (40)"}
    printed = print_mail("alerts.digest", shipped_source("alerts.digest", "en"), values, frame)
    assert printed.html.count("<li ") == 2
    assert "- 50 credits left (40 <b>)\n- 40 credits left (40)\n" in printed.text
    assert "<b>" not in printed.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_shipped_template_renders(name: str, language: str) -> None:
    template = TEMPLATES[name]
    source = shipped_source(name, language)
    check(source, frozenset((*template.samples, *COMMON)))
    for reader in ("Ann", ""):
        values = {**template.samples, "name": reader, "brand": "ccmanage", "portal": "https://cc.example.com"}
        mail = render(source, values)
        assert mail.subject
        assert mail.why, "every mail says why it comes"
        text, document = to_text(mail, FRAME), to_html(mail, FRAME)
        if "link" in template.samples:
            assert template.samples["link"] in text
        for part in (text, document, mail.subject):
            assert "{{" not in part
            assert "{%" not in part
            assert "**" not in part
        assert "Berlin &lt;x&gt;" in document


def test_no_file_is_without_a_template_and_none_is_missing() -> None:
    folder = Path(__file__).parents[3] / "ccmanage" / "email" / "templates"
    files = {(path.parent.name, path.stem) for path in folder.rglob("*.txt")}
    assert files == {(language, name) for language in LANGUAGES for name in TEMPLATES}


BOMBS = [
    "{% for a in range(10**9) %}x{% endfor %}",
    "{{ 'x' * 10**9 }}",
    "{{ name ~ name }}",
    "{% set a = name %}{{ a }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'x' %}",
    "{% import 'os' as os %}",
    "{{ name.__class__.__mro__ }}",
    "{{ ''.__class__ }}",
    "{{ name['__class__'] }}",
    "{{ name|attr('__class__') }}",
    "{{ self }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler }}",
    "{{ config }}",
    "{{ name() }}",
    "{{ [1, 2] }}",
    "{{ 10**10000000 }}",
    "{{ 'a'.format(name) }}",
    "{{ undefined_name }}",
    "{% if name is defined %}x{% endif %}",
    "{% if name > 'a' %}x{% endif %}",
    "{% if name == 5 %}x{% endif %}",
    "{% raw %}{{ x",
    "{{ (" + "(" * 5_000 + " name",
    "{% if name %}" * 40 + "x" + "{% endif %}" * 40,
    "{% if " + "not " * 3_000 + "name %}x{% endif %}",
    "{{ name }}" * 1_900,
    "x" * 30_000,
    "{% call name() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a=1 %}{{ a }}{% endwith %}",
    "{% block x %}{% endblock %}",
    "{% extends 'x' %}",
    "{% autoescape false %}{{ name }}{% endautoescape %}",
]


@pytest.mark.parametrize("source", BOMBS)
def test_what_a_template_must_not_do_is_refused_at_once(source: str) -> None:
    started = time.process_time()
    with pytest.raises(BadTemplate):
        render(HEAD + source, {"name": "x" * 4_000})
    assert time.process_time() - started < 2


def test_the_worst_template_that_is_allowed_is_quick_and_short() -> None:
    body = "{% if name %}{{ name }}{% endif %}\n" * 300
    started = time.process_time()
    assert len(fill(body, {"name": "x" * 100})) < MAX_OUTPUT
    assert time.process_time() - started < 2


EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[Click](https://evil.example)",
    "# Heading",
    "**strong**",
    "{{ brand }}",
    "{% if %}",
    "| a | b |",
    "\n\n[Win](https://evil.example)\n\n",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("evil", EVIL)
def test_a_value_is_only_text(evil: str) -> None:
    mail = render(HEAD + "{{ name }}\n\nHello {{ name }}, look.", {"name": evil, "brand": "B"})
    document, text = to_html(mail, FRAME), to_text(mail, FRAME)
    assert "<script" not in document
    assert "<img" not in document
    assert 'href="https://evil.example' not in document
    assert document.count("<h1") == 0
    assert "<strong" not in document
    assert evil.strip() in text


def test_a_subject_stays_on_one_line() -> None:
    mail = render("Subject: Hi {{ name }}\n\nx", {"name": "a\r\nBcc: evil@example.com\x00\u2028b"})
    assert mail.subject == "Hi a Bcc: evil@example.comb"


def test_a_button_leads_to_the_web_only() -> None:
    for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example"):
        mail = render(HEAD + "[Go]({{ link }})", {"link": url})
        assert 'href="java' not in to_html(mail, FRAME)
        assert "padding:12px 26px" not in to_html(mail, FRAME)


def test_an_author_cannot_write_html() -> None:
    document = to_html(render(HEAD + '<b onclick="x">bold</b> [x](https://a.example/"onclick="x)', {}), FRAME)
    assert "<b " not in document
    assert 'onclick="' not in document


def test_shapes() -> None:
    source = HEAD + "# T\n\na\nb\n\n- one\n- two\n\n| k | v |\n| empty | |\n| k2 | v2 |\n\n= 123\n\n> small"
    mail = render(source, {})
    assert [(block.shape.value, len(block.lines)) for block in mail.blocks] == [
        ("heading", 1), ("paragraph", 1), ("items", 2), ("facts", 2), ("code", 1), ("small", 1),
    ]  # fmt: skip
    assert "k: v\nk2: v2" in to_text(mail, FRAME)


@pytest.mark.parametrize("source", ["", "no heads", "Subject:\n\nx", "Subject: x\nBcc: y\n\nz", "Subject: x\n\n"])
def test_heads_are_asked_for(source: str) -> None:
    with pytest.raises(BadTemplate):
        check(source, frozenset({"name"}))
