"""Diagrams: any definition as a picture, SVG or Mermaid; plain documents in, text out."""

from carnation.diagram.mermaid import draw_mermaid
from carnation.diagram.svg import draw_svg, make_id

__all__ = ["draw_mermaid", "draw_svg", "make_id"]
