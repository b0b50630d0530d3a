"""Addresses as headers and commands have to spell them."""


def quoted(address: str) -> str:
    """An address with its local part in quotes where it has to be (RFC 5321 section 4.1.2).

    Dots at either end or in a row, which mobile operators in Japan gave away for years, stand
    only in a quoted string. What else needs one, callers have refused or quoted already.
    """
    local, at, domain = address.rpartition("@")
    if not local or local.startswith('"') or ".." not in f".{local}.":
        return address
    return f'"{local}"{at}{domain}'
