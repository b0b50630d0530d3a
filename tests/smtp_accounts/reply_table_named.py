"""The labelled table, part one: mail that names one of her addresses to the letter."""

from __future__ import annotations

from tests.smtp_accounts.reply_cases import (
    AT_STUDIO,
    BOOKS,
    BOUNCE,
    EAI,
    GMAIL,
    ICLOUD,
    LIST,
    LISTED,
    LOCAL,
    OLD,
    OUTLOOK,
    SALES,
    STUDIO,
    THERE,
    WORK,
    Case,
    dovecot,
    exim,
    gmail,
    hop,
    icloud,
    outlook,
    postfix,
    qmail,
    wrote,
)  # fmt: skip

BO = "Bo <bo@else.example>"
HERE = hop("mx.example.test")
CORP = hop("mx.corp.example")


def plain(name: str, by: str, head: str, answer: str) -> Case:
    return Case(name, by, head, answer, THERE)


ONE = [
    plain("to here", "", HERE + wrote(LOCAL), LOCAL),
    plain("to gmail", "gmail", gmail() + wrote(f"Mara Lind <{GMAIL}>"), GMAIL),
    plain("to work", "work", postfix(WORK) + wrote(WORK), WORK),
    plain("to the second address of work", "work", postfix(WORK, SALES) + wrote(SALES), SALES),
    plain("to the studio by LMTP", "studio", dovecot(STUDIO) + wrote(f"<{STUDIO}>"), STUDIO),
    plain("to the studio by Exim", "studio", exim(STUDIO) + wrote(STUDIO), STUDIO),
    plain("to icloud", "icloud", icloud() + wrote(f'"Lind, Mara" <{ICLOUD}>'), ICLOUD),
    plain("to qmail", "old", qmail(OLD) + wrote(f"{OLD} (Mara Lind)"), OLD),
    plain("to outlook, not paired", "", outlook() + wrote(OUTLOOK), OUTLOOK),
    plain("only in Cc", "work", CORP + wrote(BO, f"Mara <{WORK}>"), WORK),
    plain("Cc without To", "work", CORP + wrote("", WORK), WORK),
    plain("last of many in To", "gmail",
          gmail() + wrote("".join(f"p{n}@else.example, " for n in range(40)) + GMAIL), GMAIL),
    plain("folded To", "gmail", gmail() + wrote(f"{BO},\n Ann <ann@else.example>,\n\t{GMAIL}"),
          GMAIL),
    plain("fetched here, sent to gmail", "", HERE + wrote(GMAIL), GMAIL),
    plain("forwarded from gmail to work", "work", postfix(WORK) + wrote(GMAIL), GMAIL),
    plain("old mail moved to gmail", "gmail", gmail() + wrote(OLD), OLD),
    plain("imported without hops", "work", wrote(WORK), WORK),
]  # fmt: skip

SPELT = [
    plain("upper case", "work", CORP + wrote("M.LIND@CORP.EXAMPLE"), WORK),
    plain("mixed case", "work", CORP + wrote("M.Lind@Corp.Example"), WORK),
    plain("upper case in Cc", "gmail", gmail() + wrote(BO, "Mara.Lind@GMAIL.com"), GMAIL),
    plain("needless quotes", "work", CORP + wrote('"m.lind"@corp.example'), WORK),
    plain("a name in an encoded word", "gmail",
          gmail() + wrote(f"=?UTF-8?Q?M=C3=A4ra_L=2E?= <{GMAIL}>"), GMAIL),
    plain("a comma in an encoded word", "gmail",
          gmail() + wrote(f"=?UTF-8?Q?Lind=2C_Mara?= <{GMAIL}>"), GMAIL),
    plain("an address as the name", "work", CORP + wrote(f'"{GMAIL}" <{WORK}>'), WORK),
    plain("an encoded address as the name", "work",
          CORP + wrote(f"=?utf-8?q?mara=40icloud.com?= <{WORK}>"), WORK),
    plain("a group", "work", CORP + wrote(f"Team: {BO}, {WORK};"), WORK),
    plain("semicolons as Outlook writes", "work", CORP + wrote(f"{BO}; {WORK}"), WORK),
    plain("a comment", "old", qmail(OLD) + wrote(f"(the) {OLD} (Mara, Lind)"), OLD),
    plain("a route", "old", qmail(OLD) + wrote(f"<@relay.example:{OLD}>"), OLD),
    plain("blanks in the brackets", "work", CORP + wrote(f"Mara < {WORK} >"), WORK),
    plain("a comma too many", "work", CORP + wrote(f",, {BO},,{WORK},"), WORK),
    plain("names only, and me", "work", CORP + wrote(f"Undisclosed, {WORK}"), WORK),
    plain("raw Latin-1 in the name", "gmail", gmail() + wrote(f"M\xe4ra <{GMAIL}>"), GMAIL),
    plain("a dot after the domain", "work", CORP + wrote("m.lind@corp.example."), WORK),
    plain("an unclosed quote elsewhere", "work", CORP + wrote(WORK, '"Bo <bo@else.example>'), WORK),
    plain("an unclosed bracket", "work", CORP + wrote(f"Mara <{WORK}"), WORK),
    plain("two To fields", "work", CORP + wrote(BO, "", f"To: {WORK}"), WORK),
    plain("To in small letters", "work", CORP + wrote("", "", f"to: {WORK}"), WORK),
    plain("a blank before the colon", "work", CORP + wrote("", "", f"To : {WORK}"), WORK),
    plain("a mbox line first", "work", f"From bo@else.example Mon May  4\n{CORP}" + wrote(WORK),
          WORK),
]  # fmt: skip

INTERNATIONAL = [
    plain("a domain in Unicode", "books", HERE + wrote("kontakt@bücher.example"), BOOKS),
    plain("a domain in A-labels", "books", HERE + wrote(f"Laden <{BOOKS}>"), BOOKS),
    plain("A-labels in capitals", "books", HERE + wrote("KONTAKT@XN--BCHER-KVA.EXAMPLE"), BOOKS),
    plain("a domain in Unicode capitals", "books", HERE + wrote("Kontakt@BÜCHER.example"), BOOKS),
    plain("a domain taken apart", "books", HERE + wrote("kontakt@bu\u0308cher.example"), BOOKS),
    plain("a local part in Unicode", "eai", HERE + wrote(f"Mära <{EAI}>"), EAI),
    plain("its capitals", "eai", HERE + wrote("MÄRA@post.example"), EAI),
    plain("its letters taken apart", "eai", HERE + wrote("ma\u0308ra@post.example"), EAI),
]

SEVERAL = [
    plain("two in To, work fetched it", "work", CORP + wrote(f"{GMAIL}, {WORK}"), WORK),
    plain("two in To, gmail fetched it", "gmail", gmail() + wrote(f"{WORK}, {GMAIL}"), GMAIL),
    plain("two in To, nobody fetched it", "", HERE + wrote(f"{WORK}, {GMAIL}"), WORK),
    plain("To and Cc, nobody fetched it", "", HERE + wrote(GMAIL, WORK), GMAIL),
    plain("To and Cc, the Cc fetched it", "work", postfix(WORK) + wrote(GMAIL, WORK), WORK),
    plain("To and Cc, the To fetched it", "gmail", gmail() + wrote(GMAIL, WORK), GMAIL),
    plain("To and Cc, a third fetched it", "old", qmail(OLD) + wrote(GMAIL, WORK), GMAIL),
    plain("both of work in To", "work", CORP + wrote(f"{SALES}, {WORK}"), SALES),
    plain("both of work, in Cc the second", "work", CORP + wrote(WORK, SALES), WORK),
    plain("local and work, work fetched it", "work", CORP + wrote(LOCAL, WORK), WORK),
    plain("local and work, fetched here", "", HERE + wrote(LOCAL, WORK), LOCAL),
    plain("all of them", "icloud",
          icloud() + wrote(f"{LOCAL}, {GMAIL}, {WORK}, {STUDIO}, {ICLOUD}, {OLD}"), ICLOUD),
    plain("sent there beats delivered there", "gmail", gmail() + wrote(WORK), WORK),
    plain("sent there beats a plus address", "work",
          CORP + wrote("mara.lind+news@gmail.com", WORK), WORK),
    plain("sent there beats a catch-all", "studio",
          dovecot(STUDIO) + wrote(f"orders@lind.design, {GMAIL}"), GMAIL),
    plain("sent there beats the list", "work", BOUNCE + wrote(LIST, WORK, *LISTED), WORK),
    plain("a copy of mine from gmail at work", "work", postfix(WORK) + wrote(GMAIL, OUTLOOK),
          GMAIL),
]  # fmt: skip

#: Messages of her own that came round, and what she had one account send to another.
OWN_ROUND = [
    plain("gmail forwards to work, to the letter", "work",
          postfix(WORK) + "X-Forwarded-To: m.lind@corp.example\nX-Forwarded-For: "
          f"{GMAIL} {WORK}\nDelivered-To: {GMAIL}\n" + hop("mx.google.com") + wrote(GMAIL), GMAIL),
    plain("icloud redirects to the studio", "studio", dovecot(STUDIO) + wrote(ICLOUD), ICLOUD),
    plain("from work to home", "gmail", gmail() + wrote(GMAIL, sender=f"Mara <{WORK}>"), GMAIL),
    plain("from home to work", "work", postfix(WORK) + wrote(WORK, sender=f"Mara <{GMAIL}>"), WORK),
    plain("to myself", "work", postfix(WORK) + wrote(WORK, sender=WORK), WORK),
    plain("forged as from myself", "gmail", gmail() + wrote(GMAIL, sender=ICLOUD), GMAIL),
]  # fmt: skip

RESENT = [
    plain("redirected to me by a colleague", "work",
          CORP + wrote("info@corp.example", "", f"Resent-To: {WORK}", f"Resent-From: {BO}"), WORK),
    plain("redirected to me in copy", "work",
          CORP + wrote("info@corp.example", "", f"Resent-Cc: Mara <{WORK}>"), WORK),
    plain("redirected from one of mine", "gmail",
          gmail() + wrote(OLD, "", f"Resent-To: {GMAIL}"), GMAIL),
    plain("redirected from one of mine, fetched by it", "old",
          qmail(OLD) + wrote(OLD, "", f"Resent-To: {GMAIL}"), OLD),
    plain("a Bcc that was kept", "work", CORP + wrote(BO, "", f"Bcc: {WORK}"), WORK),
    plain("Apparently-To", "old", hop("mx.oldhost.example")
          + wrote("", "", f"Apparently-To: {OLD}"), OLD),
    plain("at the studio, to work", "studio", AT_STUDIO + wrote("", "", f"Bcc: {WORK}"), WORK),
]  # fmt: skip
NAMED = [*ONE, *SPELT, *INTERNATIONAL, *SEVERAL, *OWN_ROUND, *RESENT]
