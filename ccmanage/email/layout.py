"""Lay a mail out: one frame for all, as HTML with inlined styles that every mail client knows, and as plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

from ccmanage.email.markup import Block, Shape
from ccmanage.email.rendering import Rendered

_FONT: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',Arial,sans-serif"
_MONO: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_WIDTH: Final = 76
# Clients that know dark mode take these; the others show the inlined light colours.
_DARK: Final = """
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background:#14171c!important}.card{background:#1d2229!important;border-color:#313843!important}
.ink{color:#e8ebef!important}.soft{color:#a3acb8!important}.line{border-color:#313843!important}
.code{background:#14171c!important;border-color:#313843!important;color:#e8ebef!important}
}
@media (max-width:600px){.pad{padding:24px 20px!important}.outer{padding:16px 10px!important}}
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every mail. `stop_url` is empty where one cannot do without the mail."""

    brand: str
    portal: str
    language: str
    footer: str = ""
    stop_url: str = ""


_WORDS: Final = {
    "en": {"stop": "Stop mails like this", "link": "If the button does not work, open this address:"},
    "zh": {"stop": "不再接收此类邮件", "link": "如果按钮无法点击，请打开此链接："},
}


def to_html(mail: Rendered, frame: Frame) -> str:
    """Return the mail as an HTML document."""
    body = "".join(_html(block, frame) for block in mail.blocks)
    foot = "".join(_foot_html(mail, frame))
    language = "zh-CN" if frame.language == "zh" else frame.language
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        '<base target="_blank">'
        f"<title>{escape(mail.subject)}</title><style>{_DARK}</style></head>"
        f'<body class="page" style="margin:0;padding:0;background:#f2f4f7;font-family:{_FONT};'
        '-webkit-text-size-adjust:100%">'
        f'<div style="display:none;max-height:0;overflow:hidden;opacity:0">{mail.preview}</div>'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="page" '
        'style="background:#f2f4f7"><tr><td class="outer" align="center" style="padding:36px 16px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px">'
        f'<tr><td style="padding:0 4px 16px"><a href="{escape(frame.portal)}" class="ink" '
        f'style="font-size:16px;font-weight:650;color:#1c2430;text-decoration:none;letter-spacing:-.01em">'
        f'<span style="display:inline-block;width:10px;height:10px;border-radius:3px;background:#c2562d;'
        f'margin-right:9px"></span>{escape(frame.brand)}</a></td></tr>'
        '<tr><td class="card pad" style="background:#ffffff;border:1px solid #e3e7ec;border-radius:12px;'
        f'padding:36px 40px 28px">{body}</td></tr>'
        f'<tr><td style="padding:18px 6px 0">{foot}</td></tr>'
        "</table></td></tr></table></body></html>"
    )


def to_text(mail: Rendered, frame: Frame) -> str:
    """Return the mail as plain text."""
    parts = [part for block in mail.blocks if (part := _text(block))]
    words = _WORDS[frame.language]
    foot = [_unmark(mail.why)] if mail.why else []
    if frame.stop_url:
        foot.append(f"{words['stop']}: {frame.stop_url}")
    if frame.footer:
        foot.append(frame.footer)
    foot.append(f"{frame.brand} · {frame.portal}")
    return "\n\n".join(parts) + "\n\n-- \n" + "\n".join(foot) + "\n"


def _html(block: Block, frame: Frame) -> str:
    text = _marked(block.text) if block.lines else ""
    match block.shape:
        case Shape.HEADING:
            return (
                '<h1 class="ink" style="margin:0 0 18px;font-size:22px;line-height:1.3;font-weight:650;'
                f'color:#1c2430;letter-spacing:-.01em">{text}</h1>'
            )
        case Shape.BUTTON:
            return _button(block, frame)
        case Shape.CODE:
            return (
                f'<p class="code" style="margin:20px 0;padding:14px 18px;border:1px solid #e3e7ec;border-radius:8px;'
                f'background:#f7f8fa;font:600 22px/1.3 {_MONO};letter-spacing:.08em;color:#1c2430;text-align:center">'
                f"{text}</p>"
            )
        case Shape.FACTS:
            return _facts(block)
        case Shape.ITEMS:
            items = "".join(f'<li style="margin:0 0 6px">{_marked(line)}</li>' for line, _ in block.lines)
            return (
                '<ul class="ink" style="margin:0 0 16px;padding:0 0 0 20px;font-size:15px;line-height:1.6;'
                f'color:#333d4b">{items}</ul>'
            )
        case Shape.SMALL:
            return f'<p class="soft" style="margin:0 0 12px;font-size:13px;line-height:1.6;color:#667080">{text}</p>'
        case Shape.PARAGRAPH:
            return f'<p class="ink" style="margin:0 0 16px;font-size:15px;line-height:1.65;color:#333d4b">{text}</p>'


def _button(block: Block, frame: Frame) -> str:
    label, url = block.lines[0]
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" style="margin:24px 0 16px"><tr>'
        f'<td style="border-radius:8px;background:#b3481f"><a href="{url}" style="display:inline-block;'
        f'padding:12px 26px;font-size:15px;font-weight:600;color:#ffffff;text-decoration:none;border-radius:8px">'
        f"{_marked(label)}</a></td></tr></table>"
        f'<p class="soft" style="margin:0 0 18px;font-size:12px;line-height:1.5;color:#667080;word-break:break-all">'
        f'{_WORDS[frame.language]["link"]}<br><a href="{url}" class="soft" style="color:#667080">{url}</a></p>'
    )


def _facts(block: Block) -> str:
    rows = "".join(
        f'<tr><td class="soft line" style="padding:9px 16px 9px 0;font-size:14px;line-height:1.5;color:#667080;'
        f'border-bottom:1px solid #edf0f3;vertical-align:top;width:36%">{_marked(label)}</td>'
        f'<td class="ink line" style="padding:9px 0;font-size:14px;line-height:1.5;color:#1c2430;font-weight:500;'
        f'border-bottom:1px solid #edf0f3;vertical-align:top;word-break:break-word">{_marked(value)}</td></tr>'
        for label, value in block.lines
    )
    if not rows:
        return ""
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="line" '
        f'style="margin:4px 0 20px;border-top:1px solid #edf0f3;border-collapse:collapse">{rows}</table>'
    )


def _foot_html(mail: Rendered, frame: Frame) -> Iterator[str]:
    style = 'class="soft" style="margin:0 0 8px;font-size:12px;line-height:1.6;color:#667080"'
    if mail.why:
        yield f"<p {style}>{_marked(mail.why)}</p>"
    if frame.stop_url:
        url = escape(frame.stop_url)
        yield f'<p {style}><a href="{url}" class="soft" style="color:#667080">{_WORDS[frame.language]["stop"]}</a></p>'
    if frame.footer:
        lines = "<br>".join(escape(line) for line in frame.footer.split("\n"))
        yield f"<p {style}>{lines}</p>"


def _text(block: Block) -> str:
    match block.shape:
        case Shape.HEADING:
            title = _unmark(block.text)
            return f"{title}\n{'=' * min(_WIDTH, sum(2 if ord(one) > 0x2E80 else 1 for one in title))}"
        case Shape.BUTTON:
            return f"{_unmark(block.lines[0][0])}:\n{unescape(block.lines[0][1])}"
        case Shape.FACTS:
            return "\n".join(f"{_unmark(label)}: {_unmark(value)}" for label, value in block.lines)
        case Shape.ITEMS:
            return "\n".join(f"- {_unmark(line)}" for line, _ in block.lines)
        case _:
            return _unmark(block.text)


def _marked(text: str) -> str:
    return _STRONG.sub(r'<strong style="font-weight:650">\1</strong>', text).replace("&#10;", "<br>")


def _unmark(text: str) -> str:
    return unescape(_STRONG.sub(r"\1", text))
