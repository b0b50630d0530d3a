"""Files that may do something when they are opened, told by their names and by their bytes.

The names are those that mail programs refuse or warn of: Outlook's blocked attachments
(support.microsoft.com, "Blocked attachments in Outlook"), Gmail's blocked file types
(support.google.com/mail/answer/6590), and what Windows, macOS and Linux start on a double click.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Final


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


#: Programs and scripts of the systems people use, and what starts them.
RUNS: Final = _names(
    "exe com scr pif bat cmd msi msp msix appx cpl dll sys drv jar jnlp js jse vbs vbe wsf wsh wsc"
    " ws hta lnk url scf inf reg ps1 psm1 ps1xml msc gadget application chm hlp iso img vhd vhdx"
    " one sh command app dmg pkg deb rpm apk run desktop workflow action scpt ade adp mde search-ms"
    " library-ms xll wll diagcab settingcontent-ms theme"
)
#: Pages that pretend to be a letter, and pictures that hold script.
PAGES: Final = _names("html htm xhtml shtml mht mhtml svg svgz xml xsl")
#: Documents that carry programs.
MACROS: Final = _names("docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm slk iqy")
_INNOCENT: Final = _names(
    "pdf doc docx xls xlsx ppt pptx odt ods txt rtf csv jpg jpeg png gif zip mp3 mp4"
)
_ENDING = re.compile(r"\.([A-Za-z0-9-]{1,20})[. ]*\Z")
RUN, PAGE, MACRO, DOUBLE, PACKED = "run", "page", "macro", "double", "packed"
VIRUS = "virus"
#: The first bytes of programs and of what starts them, with who says so.
_SIGNS: Final = (
    b"MZ",  # Microsoft, PE Format, "MS-DOS Stub"
    b"\x7fELF",  # System V ABI, ELF header
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf",  # Apple, mach-o/loader.h
    b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe",  # also Java classes
    b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F",  # [MS-SHLLINK] 2.1, a shortcut
)  # fmt: skip
#: [MS-CFB] 2.2: documents of old offices, and installers.
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: [MS-OVBA] 2.3.4.1: the stream that every VBA project has.
_VBA: Final = "_VBA_PROJECT".encode("utf-16-le")
#: Names looked at in an archive; larger ones are looked at no further.
MAX_ENTRIES: Final = 1000
MAX_LOOKED: Final = 30 * 1024 * 1024


def risk(name: str) -> str:
    """Why a file is dangerous to open: "run", "page", "macro", "double", or empty.

    "double" is a program that is named to look like a document ("bill.pdf.exe").
    """
    found = _ENDING.search(name)
    if found is None:
        return ""
    ending = found[1].lower()
    before = _ENDING.search(name[: found.start()])
    poses = before is not None and before[1].lower() in _INNOCENT
    if ending in RUNS:
        return DOUBLE if poses else RUN
    if ending in MACROS:
        return MACRO
    return PAGE if ending in PAGES else ""


def risk_inside(data: bytes) -> str:
    """Why a file is dangerous by its bytes, whatever it is called: "run", "macro", "packed" (an
    archive with a program in it), or empty. Nothing is unpacked."""
    # A text may begin with the letters of one; no program is text.
    if data.startswith(_SIGNS) and b"\0" in data[:64]:
        return RUN
    if data.startswith(_COMPOUND):
        return MACRO if _VBA in data[:MAX_LOOKED] else ""
    return _in_archive(data) if data.startswith(b"PK\x03\x04") else ""


def _in_archive(data: bytes) -> str:
    if len(data) > MAX_LOOKED:
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [one.filename for one in archive.infolist()[:MAX_ENTRIES]]
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError):
        return ""
    # ECMA-376: where office documents keep their programs (word/vbaProject.bin).
    if any(name.lower().endswith("/vbaproject.bin") for name in names):
        return MACRO
    return PACKED if any(risk(name) in (RUN, DOUBLE) for name in names) else ""
