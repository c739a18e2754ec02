"""The Python on the pages runs, each page's blocks one after the other."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
SKETCHES = {"design.md"}  # whose blocks quote the source
PAGES = sorted(
    [p for p in DOCS.glob("*.md") if p.name not in SKETCHES and "```python" in p.read_text()]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, scope = page.read_text(), {}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        # Empty lines before it, so that an error names the line of the page.
        code = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(code, str(page), "exec"), scope)
