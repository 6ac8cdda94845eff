"""What an administrator decides about mail."""

from typing import Final

from ccmanage.settings.kinds import Text, Words, text

FROM_NAME: Final = text(
    "mail.from_name",
    "ccmanage",
    Words("Name of the sender", "发件人名称"),
    Words("Also the name of this installation in every mail.", "同时作为所有邮件中的系统名称。"),
    kind=Text(60),
)
FOOTER: Final = text(
    "mail.footer",
    "",
    Words("Foot of every mail", "邮件页脚"),
    Words("Plain text: your company, its address, whom to ask.", "纯文本：公司名称、地址、联系方式。"),
    kind=Text(1_000, lines=True),
)

SETTINGS: Final = (FROM_NAME, FOOTER)
