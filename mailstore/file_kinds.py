"""What a file is in one word, from its type and, where that says nothing, its name."""

from typing import Final

#: The words: what an attachments view is filtered by.
KINDS: Final = (
    "image", "pdf", "document", "sheet", "slides", "archive", "sound", "film", "message",
    "event", "contact", "text", "page", "other",
)  # fmt: skip
_ENDINGS: Final = {
    "image": "png jpg jpeg gif webp svg bmp tif tiff heic avif ico",
    "pdf": "pdf",
    "document": "doc docx docm dot dotx odt rtf pages",
    "sheet": "xls xlsx xlsm xlsb ods csv tsv numbers",
    "slides": "ppt pptx pptm odp key",
    "archive": "zip gz tgz bz2 xz 7z rar tar zst cab iso",
    "sound": "mp3 ogg oga opus flac wav m4a aac wma aiff",
    "film": "mp4 m4v mov webm mkv avi wmv mpg mpeg 3gp",
    "message": "eml msg mbox",
    "event": "ics ical ifb vcs",
    "contact": "vcf vcard",
    "text": "txt md log json yaml yml toml ini conf py js ts css c h cpp java rs go sh sql diff",
    "page": "html htm xhtml xml mht mhtml",
}
_BY_ENDING: Final = {
    ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()
}
#: Words that stand in media types, the more telling first.
_WORDS: Final = (
    ("calendar", "event"), ("vcard", "contact"), ("directory", "contact"), ("rfc822", "message"),
    ("pdf", "pdf"), ("sheet", "sheet"), ("excel", "sheet"), ("csv", "sheet"),
    ("presentation", "slides"), ("powerpoint", "slides"), ("msword", "document"),
    ("wordprocessing", "document"), ("opendocument.text", "document"), ("rtf", "document"),
    ("zip", "archive"), ("tar", "archive"), ("rar", "archive"), ("7z", "archive"),
    ("compress", "archive"), ("html", "page"), ("xml", "page"),
)  # fmt: skip
_MAIN: Final = {"image": "image", "audio": "sound", "video": "film", "text": "text"}


def ending_of(name: str) -> str:
    """The ending of a file's name in lower case; empty where it has none."""
    return name.rpartition(".")[2].lower() if "." in name[-9:] else ""


def kind_of(content_type: str, name: str) -> str:
    """One of `KINDS`."""
    main, _slash, sub = content_type.partition("/")
    if main == "image":
        return "image"
    for word, kind in _WORDS:
        if word in sub:
            return kind
    return _BY_ENDING.get(ending_of(name)) or _MAIN.get(main, "other")
