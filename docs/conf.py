"""Configuration of the documentation: `sphinx-build -W docs docs/_build/html`."""

import sys
from pathlib import Path

_DOCS = Path(__file__).parent
# The extension, and the package and the benchmarks of this checkout.
sys.path[:0] = [str(_DOCS), str(_DOCS.parent)]

import gym_mario_suite  # noqa: E402

project = "gym-mario-suite"
author = copyright = "gym-mario-suite contributors"
release = version = gym_mario_suite.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "extension",  # docs/extension: what pages take from the code and from files of results
]
exclude_patterns = ["_build", "extension"]
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 3
# Docstrings are written with single backticks for code.
default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
napoleon_use_ivar = True
# The same name (`seed`, say) is documented by several classes, so that references to it are not
# unique; none of these docstrings refers to another by role.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = "gym-mario-suite"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

linkcheck_timeout = 20
# An address of the reader's own machine.
linkcheck_ignore = [r"http://(localhost|127\.0\.0\.1)"]
