"""Diagrams: any definition as a picture, SVG or Mermaid; plain documents in, text out.

Enters: a definition, and marks on its states.
Leaves: SVG or Mermaid, as text.
May not know: how definitions are made, executions, a browser.
"""

from carnation.diagram.layout import Direction
from carnation.diagram.mermaid import draw_mermaid
from carnation.diagram.svg import draw_svg, make_id

__all__ = ["Direction", "draw_mermaid", "draw_svg", "make_id"]
