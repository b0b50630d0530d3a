"""Trying out an SMTP server without sending anything."""

import aiosmtplib

from protocols.address import AddressPolicy
from protocols.errors import Stage
from protocols.smtp.send import check_addresses, path_of
from protocols.smtp.session import answered, sender_refused, session
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login


async def probe(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    clock: Deadline,
    sender: str | None,
) -> bool:
    """Sign in, offer the sender and take it back; whether a sender was offered and accepted."""
    if sender:
        check_addresses(sender, [sender])
    async with session(endpoint, login, policy=policy, trust=trust, clock=clock) as client:
        if not sender:
            return False
        secret = login.password if login else ""
        await _offer(client, sender, secret)
        return True


async def _offer(client: aiosmtplib.SMTP, sender: str, secret: str) -> None:
    wide = client.supports_extension("smtputf8") and not sender.isascii()
    path = path_of(sender, wide=wide)
    if path is None:
        raise answered(Stage.SEND, 553, "5.6.7 SMTPUTF8 is needed and not offered")
    options = [b"SMTPUTF8"] if wide else []
    reply = await client.execute_command(b"MAIL", b"FROM:" + path, *options)
    if reply.code != 250:
        raise sender_refused(reply.code, reply.message, secret)
    await client.execute_command(b"RSET")
