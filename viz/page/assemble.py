"""Puts the page's template together: style, scripts and engine inlined, the policy with their hashes.

usage: assemble.py ENGINE.js ENGINE.wasm OUT.html

The same inputs give the same bytes. The places for the lab (@TITLE@, @STORY@, @LAB@, ...) stay for `masqsim lab`.
"""
import base64
import gzip
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SCRIPTS = ["words.js", *sorted(f"words/{path.name}" for path in (HERE / "words").glob("*.js")), "dom.js", "bytes.js", "model.js",
           "ladder.js", "picture.js", "inspector.js", "table.js", "editor.js", "form.js", "questions.js", "changes.js",
           "predict.js", "engine.js", "reader.js", "main.js"]


def source_hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main() -> None:
    loader, wasm, out = map(pathlib.Path, sys.argv[1:])
    style = "\n" + (HERE / "page.css").read_text()
    script = "\n(() => {\n\"use strict\";\n" + "\n".join((HERE / name).read_text() for name in SCRIPTS) + "})();\n"
    worker = loader.read_text() + "\n" + (HERE / "worker.js").read_text()
    for name, text in (("script", script), ("worker", worker)):
        if "</script" in text.lower() or "<!--" in text:
            sys.exit(f"{name}: holds what would end a script element")
    engine = base64.b64encode(gzip.compress(wasm.read_bytes(), 9, mtime=0)).decode()
    policy = "; ".join(["default-src 'none'", f"script-src {source_hash(script)} 'wasm-unsafe-eval'",
                        f"style-src {source_hash(style)}", "worker-src blob:",
                        "img-src data:", "base-uri 'none'", "form-action 'none'"])
    page = (HERE / "page.html").read_text()
    for place, text in (("@CSP@", policy), ("@STYLE@", style), ("@SCRIPT@", script), ("@WORKER@", "\n" + worker),
                        ("@ENGINE@", engine)):
        page = page.replace(place, text)
    temporary = out.with_suffix(".part")
    temporary.write_text(page)
    temporary.replace(out)


main()
