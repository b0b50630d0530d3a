"""How mail programs introduce what they quote, in the languages they do it in."""

from __future__ import annotations

import re

MAX_INTRODUCTION = 300
#: Of a header block: who, when, to whom and about what take no more letters.
MAX_HEAD = 900

_FROM = "From|Von|De|Da|Van|Från|Fra|Od|От|Kimden|Lähettäjä|Feladó|发件人|寄件者|差出人|보낸 사람"
_OTHERS = (
    "Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Fecha|Para|Asunto|"
    "Inviato|A|Oggetto|Assunto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Sendt|Til|Emne|Lähetetty|"
    "Aihe|Wysłano|Do|Temat|Odesláno|Komu|Předmět|Отправлено|Дата|Кому|Тема|Gönderildi|Kime|Konu|"
    "发送时间|收件人|主题|送信日時|宛先|件名|보낸 날짜|받는 사람|제목"
)
_COLON = "\\s{0,2}\\*?\\s{0,2}[:\uff1a]"
_RULE = r"(?:[-_]{3,}[^-_\n]{0,60}[-_]{0,40}\s*\n\s*)?"
_HEAD = re.compile(rf"\s*{_RULE}\*?(?:{_FROM}){_COLON}", re.IGNORECASE)
_LINES = re.compile(rf"^[ \t>*]{{0,4}}(?:{_OTHERS}){_COLON}", re.IGNORECASE | re.MULTILINE)
_VERBS = re.compile(
    r"\b(?:wrote|schrieb|geschrieben|écrit|escribió|escreveu|scritto|schreef|skrev|kirjoitti|"
    r"napisał|napsal|пишет|писал|написал|yazd\u0131)\b|写道|のメッセージ|작성",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d|@")


def is_introduction(line: str) -> bool:
    """Whether a line says who wrote what follows: a date, an address or a verb, and a colon."""
    line = line.strip()
    if not line.endswith((":", "\uff1a")) or len(line) > MAX_INTRODUCTION:
        return False
    return bool(_DATED.search(line) or _VERBS.search(line))


def is_head(text: str) -> bool:
    """Whether a text begins with the header block that Outlook puts above what is answered."""
    text = text[:MAX_HEAD]
    return bool(_HEAD.match(text)) and len(_LINES.findall(text)) > 1


def may_be_head(line: str) -> bool:
    """Whether a header block may begin with this line; cheaper than looking further."""
    return bool(_HEAD.match(line + "\n"))
