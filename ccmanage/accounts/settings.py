"""What an administrator decides about how people get in."""

from typing import Final

from ccmanage.accounts.rules import is_domain
from ccmanage.settings.kinds import Link, Names, Whole, Words, choice, flag, names, text, whole

REGISTRATION_MODE: Final = choice(
    "registration.mode",
    lambda process: "open" if process.embedded else "invitation",
    Words("Who may register", "谁可以注册"),
    Words("Whoever is invited may always.", "受邀者始终可以注册。"),
    options={
        "open": Words("Anybody", "任何人"),
        "invitation": Words("Only who is invited", "仅限受邀者"),
        "domain": Words("Anybody with an address at the domains below", "使用下列域名邮箱的人"),
    },
)
REGISTRATION_DOMAINS: Final = names(
    "registration.domains",
    (),
    Words("Domains of mail addresses", "邮箱域名"),
    Words("One a line, such as example.com. Subdomains count as others.", "每行一个，例如 example.com；子域名另计。"),
    kind=Names(is_domain, "example.com"),
)
TERMS_URL: Final = text(
    "registration.terms_url",
    "",
    Words("Address of the terms of use", "使用条款的网址"),
    Words(
        "Whoever registers must accept them. Left empty, nobody is asked.",
        "注册者必须接受该条款；留空则不询问。",
    ),
    kind=Link(),
)
PASSWORD_ENABLED: Final = flag(
    "signin.password_enabled",
    True,
    Words("Sign-in with a password", "密码登录"),
    Words("Without it people sign in at the identity provider only.", "关闭后只能通过身份提供方登录。"),
)
ADMINS_NEED_FACTOR: Final = flag(
    "signin.admins_need_factor",
    False,
    Words("Administrators need a second factor", "管理员必须使用双重验证"),
    Words("Whoever has none sets it up before anything else.", "尚未设置者须先完成设置，才能进行其他操作。"),
)
IDLE_MINUTES: Final = whole(
    "session.idle_minutes",
    lambda process: process.session_idle_minutes,
    Words("Signed out after", "闲置退出时间"),
    Words("A session that is not used for this long has ended.", "会话闲置超过此时间即结束。"),
    kind=Whole(5, 24 * 60, "minutes"),
)

SETTINGS: Final = (
    REGISTRATION_MODE,
    REGISTRATION_DOMAINS,
    TERMS_URL,
    PASSWORD_ENABLED,
    ADMINS_NEED_FACTOR,
    IDLE_MINUTES,
)
