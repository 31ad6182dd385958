"""Executes every notebook of this folder, and the Python of the documents; fails with the first that fails.
Then the release files that are shipped are held to the schema that editors are given.

    POINTILLIST_WEEKS=TWO_WEEKS_FOLDER python notebooks/run.py DEMO_FOLDER [FIGURE_FOLDER]

Outputs are not kept; with a second folder the figures are written there as PNG.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import jsonschema
import nbformat
from nbclient import NotebookClient

here = pathlib.Path(__file__).resolve().parent
os.environ["POINTILLIST_OUT"] = str(pathlib.Path(sys.argv[1]).resolve())
for path in sorted(here.glob("*.ipynb")):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(here)}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    print(f"{path.name}: {len(cells)} cells executed")
    outputs = [output for cell in cells for output in cell.outputs]
    for number, output in enumerate(outputs):
        if len(sys.argv) > 2 and "image/png" in output.get("data", {}):
            figure = pathlib.Path(sys.argv[2]) / f"{path.stem}-{number}.png"
            figure.write_bytes(base64.b64decode(output["data"]["image/png"]))
        if len(sys.argv) > 2 and output.output_type == "stream":
            print(output.text)



def without_numbers(text):
    """The words of a text; numbers, and the lines of a table around them, are those of one draw."""
    return re.sub(r"[\d.,+\-─\s]+", " ", text).strip()


# The documents read the demo's folder, or one called `published` that has a question of the same name.
with tempfile.TemporaryDirectory() as folder:
    for name in ["pointillist-demo", "published"]:
        (pathlib.Path(folder) / name).symlink_to(os.environ["POINTILLIST_OUT"])
    compared = 0
    for document in [here.parent / "README.md", *sorted((here.parent / "docs").glob("*.md"))]:
        blocks = re.findall(r"^```([^\n]+)\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
        for (kind, text), (below, shown) in zip(blocks, [*blocks[1:], ("", "")]):
            if kind != "python":
                continue
            run = subprocess.run([sys.executable, "-c", text], cwd=folder, check=True, capture_output=True, text=True)
            print(f"{document.name}: executed {text.splitlines()[0]} …")
            if below == "text noise":
                assert without_numbers(run.stdout) == without_numbers(shown), f"{document}: printed\n{run.stdout}"
                compared += 1
    assert compared == 1, compared

schema = jsonschema.Draft7Validator(json.loads((here.parent / "docs/release-file.schema.json").read_text()))
shipped = [path for folder in ["data", "tests/cases", "src/cli/demo"] for path in (here.parent / folder).glob("*.toml")]
for path in shipped:
    schema.validate(tomllib.loads(path.read_text()))
assert shipped
print(f"{len(shipped)} release files are as the schema says")
