"""Files that may do something when they are opened, told by their names."""

from __future__ import annotations

import re
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
RUN, PAGE, MACRO, DOUBLE = "run", "page", "macro", "double"


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
