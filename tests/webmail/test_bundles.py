"""Our modules and styles in few files: what is taken in, what is refused, what a browser runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.running import ROOT
from tests.oidc.provider import NODE
from webmail import bundles, hashed
from webmail.modules import BundleError, read

SITE = {
    "js/shell.js": (
        'import { say } from "./parts/say.js";\nexport const start = 1;\nsay("shell");\n'
    ),
    "js/mail.js": (
        "// The entry.\n"
        'import "./parts/list.js";\n'
        'import { say as tell } from "./parts/say.js";\n'
        'import { twice } from "./parts/again.js";\n'
        'import { start } from "./shell.js";\n'
        'tell(`mail ${start} ${twice("a")}`);\n'
        'import("./late.js").then(({ Late }) => new Late());\n'
    ),
    "js/late.js": (
        'import Base from "../vendor/base.js";\n'
        'import { shared } from "./parts/shared.js";\n'
        "export class Late extends Base {\n"
        '  constructor() { super(); globalThis.said.push("late", this.kind, shared()); }\n'
        "}\n"
    ),
    "js/other.js": 'import { shared } from "./parts/shared.js";\nshared();\n',
    "js/parts/say.js": (
        "const name = 1;\n"
        "export function say(text) {\n"
        "  // A comment.\n"
        "  globalThis.said ??= [];\n"
        "  globalThis.said.push(text);\n"
        "}\n"
    ),
    # These two import each other, and both have a `name` of their own.
    "js/parts/list.js": (
        'import { close } from "./reader.js";\n'
        'import { say } from "./say.js";\n'
        'const name = "list";\n'
        "export async function load() { return close(name); }\n"
        "load().then((text) => say(text));\n"
    ),
    "js/parts/reader.js": (
        'import { load } from "./list.js";\n'
        'const name = "reader";\n'
        "export function close(from) { return `${name} closed by ${from}, ${typeof load}`; }\n"
    ),
    "js/parts/twice.js": "export const twice = (text) => text + text;\n",
    "js/parts/again.js": 'export { twice } from "./twice.js";\n',
    "js/parts/shared.js": "let count = 0;\nexport function shared() { return ++count; }\n",
    "vendor/base.js": 'class b{constructor(){this.kind="base"}};export{b as default};\n',
}
ENTRY = re.compile(r"static '(js/[^']+)'")
FROM = re.compile(r'^import \{.*\} from "([^"]+)"', re.M)
ENTRIES = {"js/shell.js", "js/mail.js", "js/other.js"}


def test_every_module_is_in_one_file() -> None:
    made = bundles.scripts(SITE, ENTRIES)
    # `shared` is needed by two that need not be on one page; what the shell needs too is there.
    assert set(made) == {*ENTRIES, "js/late.js", "js/parts/shared.js"}
    assert "function say(text)" in made["js/shell.js"]
    assert "function say(text)" not in made["js/mail.js"]
    assert 'import("./late.js")' in made["js/mail.js"]
    assert "comment" not in "".join(made.values()).lower()


def test_an_entry_that_another_takes_in_is_no_file_more_for_it() -> None:
    """Nor is what it gives to others copied: there is one of that."""
    site = {
        **SITE,
        "js/mail.js": 'import "./alone.js";\nimport { kept } from "./giving.js";\nkept();\n',
        "js/alone.js": 'import { say } from "./parts/say.js";\nsay("alone");\n',
        "js/giving.js": "let count = 0;\nexport function kept() { return ++count; }\n",
    }
    made = bundles.scripts(site, {*ENTRIES, "js/alone.js", "js/giving.js"})
    assert 'say("alone")' in made["js/alone.js"]
    assert 'say("alone")' in made["js/mail.js"]
    assert "alone.js" not in made["js/mail.js"]
    assert "count" not in made["js/mail.js"]
    assert 'from "./giving.js"' in made["js/mail.js"]


def test_the_mail_screen_is_in_few_files() -> None:
    """What is named beside each other on a page is in none of the others."""
    static = ROOT / "static"
    names = [one.relative_to(static).as_posix() for one in static.rglob("*.js")]
    texts = {name: (static / name).read_text() for name in names}
    made = bundles.scripts(texts, hashed.entries())
    pages = (ROOT / "templates/webmail/mail.html", ROOT / "templates/base.html")
    named = {one for page in pages for one in ENTRY.findall(page.read_text())}
    assert named == {"js/wake.js", "js/shell.js", "js/mail.js", "js/compose.js"}
    for name in named:
        needed = {one for one in FROM.findall(made[name]) if not one.endswith("shell.js")}
        assert needed == set()


def test_a_browser_runs_what_was_written(tmp_path: Path) -> None:
    for name, text in bundles.scripts(SITE, ENTRIES).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    script = 'await import("./js/mail.js"); await import("./js/other.js");'
    script += "await new Promise((done) => setTimeout(done, 0)); console.log(JSON.stringify(said));"
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = set(done.stdout.strip().strip("[]").replace('"', "").split(","))
    assert {"shell", "mail 1 aa", "reader closed by list", "late", "base"} <= said


@pytest.mark.parametrize(
    "text",
    [
        "export default function () {}\n",
        "export let changing = 1;\n",
        "export * from './say.js';\n",
        "import say from 'elsewhere';\n",
        "await start();\n",
        "const found = await start();\n",
        "const here = import.meta.url;\n",
        "import(name);\n",
        "const text = `over\nlines`;\n",
        "/* a block */\n",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(BundleError, match=r"js/x\.js"):
        read("js/x.js", text)


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(BundleError, match="does not export nothing"):
        bundles.scripts({**SITE, "js/x.js": 'import { nothing } from "./shell.js";\n'}, ["js/x.js"])
    with pytest.raises(KeyError, match="gone"):
        bundles.scripts({"js/x.js": 'import "./gone.js";\n'}, ["js/x.js"])
    circle = {
        "js/a.js": 'import { one } from "./b.js";\nexport const two = 2;\n',
        "js/b.js": 'import { two } from "./a.js";\nexport const one = two;\n',
    }
    with pytest.raises(BundleError, match="import each other"):
        bundles.scripts(circle, ["js/a.js"])


def test_styles_are_put_in_place() -> None:
    sheets = {
        "css/all.css": '/* All. */\n@import "a.css";\n@import "p.css" print;\n',
        "css/a.css": 'a {\n  color: red; /* why */\n}\n.b::before { content: "x"; }\n',
        "css/p.css": "b { color: black; }\n",
    }
    assert bundles.styles(sheets, "css/all.css") == (
        'a {\ncolor: red; \n}\n.b::before { content: "x"; }\n'
        "@media print {\nb { color: black; }\n}\n"
    )
    with pytest.raises(BundleError, match="not known"):
        bundles.styles({"css/x.css": '@import url("a.css") layer(x);\n'}, "css/x.css")
    with pytest.raises(BundleError, match="another folder"):
        bundles.styles({"css/x.css": '@import "../a.css";\n'}, "css/x.css")


def test_our_own_files_fit() -> None:
    static = ROOT / "static"
    texts = {str(path.relative_to(static)): path.read_text() for path in static.rglob("*.js")}
    made = bundles.scripts(texts, hashed.entries())
    assert {"js/shell.js", "js/mail.js", "js/compose.js", "js/compose/editor.js"} <= set(made)
    assert not {"js/mail/list.js", "js/toast.js", "vendor/squire.js"} & set(made)
    for name in (static / "css").glob("*.css"):
        sheets = {f"css/{one.name}": one.read_text() for one in (static / "css").glob("*.css")}
        assert bundles.styles(sheets, f"css/{name.name}")
