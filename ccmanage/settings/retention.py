"""For how long each kind of data is kept. Whoever deletes reads these; whoever keeps need not know."""

from typing import Final

from ccmanage.settings.kinds import Setting, Whole, Words, whole

_DAYS = Whole(1, 3_660, "days")


def _days(name: str, default: int, title: Words, explain: Words, kind: Whole = _DAYS) -> Setting[int]:
    return whole(f"retention.{name}_days", default, title, explain, kind=kind)


EVENTS: Final = _days(
    "events",
    396,
    Words("Usage events", "用量事件"),
    Words(
        "Single calls. Sums, the ledger and receipts of credits stay.", "单次调用记录。汇总、账本和额度凭证不受影响。"
    ),
    Whole(92, 3_660, "days"),
)
PAYLOADS: Final = _days(
    "payloads",
    30,
    Words("Posts and quarantined bodies", "上报内容与隔离内容"),
    Words("What gateways sent, word for word; holds that have ended.", "网关上报的原文，以及已结束的积分预留。"),
)
AUDIT: Final = _days(
    "audit",
    730,
    Words("Audit log", "审计日志"),
    Words("Personal details of deeds; the chain of entries stays provable.", "操作的个人信息部分；条目链仍可验证。"),
    Whole(30, 3_660, "days"),
)
MAIL_BODIES: Final = _days(
    "mail_bodies",
    30,
    Words("Texts of mails", "邮件正文"),
    Words("After this a mail can be neither read nor sent again.", "到期后邮件无法再查看或重发。"),
)
MAILS: Final = _days(
    "mails",
    365,
    Words("Records of mails", "邮件记录"),
    Words("That a mail was sent, when, and how it went.", "邮件的发送时间与结果。"),
)
SIGN_INS: Final = _days(
    "sign_ins",
    90,
    Words("Sign-in log", "登录记录"),
    Words("Attempts to sign in, and sessions that have ended.", "登录尝试与已结束的会话。"),
)
EXPORTS: Final = whole(
    "retention.exports_hours",
    24,
    Words("Exports of personal data", "个人数据导出"),
    Words("How long the file can be downloaded.", "导出文件可供下载的时间。"),
    kind=Whole(1, 168, "hours"),
)
UNVERIFIED: Final = _days(
    "unverified_accounts",
    30,
    Words("Unverified accounts", "未验证的帐户"),
    Words("Accounts whose mail address was never confirmed.", "从未确认邮箱地址的帐户。"),
)

SETTINGS: Final = (EVENTS, PAYLOADS, AUDIT, MAIL_BODIES, MAILS, SIGN_INS, EXPORTS, UNVERIFIED)
