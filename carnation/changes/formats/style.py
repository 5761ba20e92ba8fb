"""How the HTML report looks and answers: one style sheet, one short script."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --line: #8884; --ink: #1b1f24; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; } }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
header, section { padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
.sides { display: grid; grid-template-columns: minmax(18rem, 1fr) minmax(0, 2fr); gap: 1.5rem; }
@media (max-width: 60rem) { .sides { grid-template-columns: minmax(0, 1fr); } }
.words { overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; }
li { padding: .3rem .4rem; border-radius: .3rem; }
li:focus-within, li:hover { background: #8882; }
a { color: inherit; }
.impact { font-size: .75rem; font-weight: 600; border-radius: .8rem; padding: .1rem .5rem;
  color: #fff; background: #57606a; white-space: nowrap; }
.dangerous { background: #a40e26; }
.breaking { background: #a3470f; }
.behavioral { background: #7a5b00; }
.why, details { margin: .1rem 0 .1rem 1rem; opacity: .8; font-size: .9rem; }
.noise { opacity: .75; font-size: .9rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; flex: 1 1 min(20rem, 100%); min-width: 0; overflow: auto; max-height: 85vh;
  border: 1px solid var(--line); border-radius: .4rem; }
figcaption { padding: .3rem .6rem; font-size: .85rem; opacity: .75; }
svg { max-width: 100%; height: auto; display: block; margin: 0 auto; }
.lit { outline: 3px solid #0969da; outline-offset: 2px; }
@media print { .sides { display: block; } figure { max-height: none; break-inside: avoid; } }
"""

SCRIPT = """
'use strict';
for (const link of document.querySelectorAll('li a')) {
  const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target) continue;
  const light = on => () => target.classList.toggle('lit', on);
  const item = link.closest('li');
  item.addEventListener('mouseenter', light(true));
  item.addEventListener('mouseleave', light(false));
  link.addEventListener('focus', light(true));
  link.addEventListener('blur', light(false));
  link.addEventListener('click', event => {
    event.preventDefault();
    target.scrollIntoView({block: 'center', inline: 'center', behavior: 'smooth'});
  });
}
document.addEventListener('keydown', event => {
  const step = {j: 1, k: -1}[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...document.querySelectorAll('li a')];
  const place = links.indexOf(document.activeElement) + step;
  const next = links[Math.max(0, Math.min(links.length - 1, place))];
  if (next) { next.focus(); next.click(); }
});
"""
