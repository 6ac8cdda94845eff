"""The words of mails about notifications, in both languages. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_ALERTS: Final = {
    "en": {
        "percent_left": ("{value} % of the allowance left", "{value} %", "{found} credits left"),
        "amount_left": ("{value} credits left", "{value} credits", "{found} credits left"),
        "run_out": ("The credits run out within {value} days", "{value} days", "gone by {runs_out_at} at this pace"),
        "spend_per_day": ("{value} credits spent in a day", "{value} credits", "{found} credits spent"),
    },
    "zh": {
        "percent_left": ("套餐额度剩余 {value} %", "{value} %", "剩余 {found} 积分"),
        "amount_left": ("剩余 {value} 积分", "{value} 积分", "剩余 {found} 积分"),
        "run_out": ("积分将在 {value} 天内用完", "{value} 天", "按当前速度将在 {runs_out_at} 用完"),
        "spend_per_day": ("单日花费 {value} 积分", "{value} 积分", "已花费 {found} 积分"),
    },
}
_OTHERS: Final = {
    "en": {
        "quarantine.grown": ("The quarantine grows", "10 events an hour", "{count} events within an hour"),
        "prices.missing": ("Models without a price", "none", "{count} events wait: {models}"),
        "books.broken": ("The audit of the books found something broken", "nothing broken", "checked {checked_at}"),
        "inbox.delayed": ("Usage is settled late", "5 minutes", "{batches} batches wait since {oldest_at}"),
        "webhook.disabled": ("The webhook “{name}” was switched off", "5 days", "{last}"),
        "gateway.silent": ("The gateway “{name}” is silent", "", "last post {last_post_at}"),
    },
    "zh": {
        "quarantine.grown": ("隔离区在增长", "每小时 10 个事件", "一小时内 {count} 个事件"),
        "prices.missing": ("有模型没有价格", "无", "{count} 个事件在等待：{models}"),
        "books.broken": ("账目审计发现了问题", "没有问题", "检查时间 {checked_at}"),
        "inbox.delayed": ("用量结算延迟", "5 分钟", "{batches} 个批次自 {oldest_at} 起等待"),
        "webhook.disabled": ("Webhook“{name}”已被停用", "5 天", "{last}"),
        "gateway.silent": ("网关“{name}”没有消息", "", "最后一次上报 {last_post_at}"),
    },
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says: what happened, where the limit is, how things stand."""

    title: str
    limit: str
    value: str

    @property
    def line(self) -> str:
        """Return it on one line, for a summary."""
        return f"{self.title} ({self.value})" if self.value else self.title


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def words_of(kind: str, data: Mapping[str, Any], language: str) -> Words:
    """Return the words for something that happened; instants in `data` are written out already."""
    known = _Known({name: _text(value) for name, value in data.items()})
    spoken = language if language in _ALERTS else "en"
    if kind == "alert.fired":
        found = _ALERTS[spoken].get(str(data.get("threshold")), ("{value}", "{value}", "{found}"))
    else:
        found = _OTHERS[spoken].get(kind, (kind, "", ""))
    return Words(*(part.format_map(known) for part in found))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
