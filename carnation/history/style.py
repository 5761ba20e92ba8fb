"""How the report of runs looks: one style sheet."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --ink: #1b1f24; --faint: #59636e;
  --paper: #fff; --tint: #f5f7fa; --ok: #1a7f37; --retried: #9a6700; --failed: #cf222e;
  --open: #0969da; --lit: #0969da; }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --ink: #e6edf3; --faint: #9198a1;
  --paper: #0d1117; --tint: #161b22; --ok: #3fb950; --retried: #d29922; --failed: #f85149;
  --open: #4493f8; --lit: #4493f8; } }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
header, section { padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 .3rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
code, pre { font: 12px/1.5 ui-monospace, monospace; }
.chip { font-size: .75rem; border-radius: .8rem; padding: .1rem .55rem; color: #fff;
  background: #1a7f37; vertical-align: 2px; }
.chip.failed { background: #cf222e; }
.cause b { color: var(--failed); }
a { color: var(--open); }
summary h2 { display: inline; }
.wide { overflow-x: auto; }
.wide:focus-visible, figure:focus-visible { outline: 2px solid var(--lit); }
td.text, th.text { text-align: left; }
.overview :is(th, td) { white-space: nowrap; }
.overview td.text { max-width: 30rem; overflow: hidden; text-overflow: ellipsis; width: 99%; }
.overview p { margin: .8rem 0; }
.sides { display: grid; grid-template-columns: minmax(0, 3fr) minmax(20rem, 2fr); gap: 1.5rem;
  align-items: start; }
@media (max-width: 60rem) { .sides { grid-template-columns: minmax(0, 1fr); } }
figure { margin: 0; overflow: auto; max-height: 80vh; border: 1px solid var(--line);
  border-radius: .4rem; }
figure svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
g.state { cursor: pointer; }
g.state.never { opacity: .38; }
.carnation g.ran-ok > .box { stroke: var(--ok); stroke-width: 2.5; }
.carnation g.ran-retried > .box { stroke: var(--retried); stroke-width: 2.5; }
.carnation g.ran-failed > .box { stroke: var(--failed); stroke-width: 2.5; }
.carnation g.ran-open > .box { stroke: var(--open); stroke-width: 2.5; }
.carnation g.edge.taken > .way { stroke: var(--ink); stroke-width: 2.5; }
.carnation g.edge.taken > .head { fill: var(--ink); }
.carnation g.edge.untaken { opacity: .4; }
.badge rect { fill: var(--ok); stroke: var(--paper); }
.badge rect.retried { fill: var(--retried); }
.badge rect.failed { fill: var(--failed); }
.badge rect.open { fill: var(--open); }
.badge text { font: bold 11px Arial, sans-serif; fill: var(--paper); text-anchor: middle; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; font-weight: 500; overflow-wrap: break-word; max-width: 18rem; }
tr.never { color: var(--faint); }
tr.failed th:first-child { box-shadow: inset 3px 0 var(--failed); }
tr.retried th:first-child { box-shadow: inset 3px 0 var(--retried); }
tr.ok th:first-child { box-shadow: inset 3px 0 var(--ok); }
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0 0 .4rem; }
button, input { font: inherit; color: inherit; background: var(--tint); border-radius: .3rem;
  border: 1px solid var(--line); padding: .15rem .6rem; }
button[aria-pressed=true] { border-color: var(--lit); box-shadow: inset 0 0 0 1px var(--lit); }
input[type=search] { width: 16rem; }
.axis { position: relative; height: 1.3rem; margin-left: 16rem; font-size: .75rem;
  color: var(--faint); }
.axis span { position: absolute; white-space: nowrap; }
.axis span:last-child { right: 0; }
.timeline { position: relative; overflow-y: auto; max-height: 60vh; border: 1px solid var(--line);
  border-radius: .4rem; outline-offset: 2px; }
.space { position: relative; }
.row { position: absolute; left: 0; right: 0; height: 24px; display: flex; align-items: center;
  cursor: pointer; }
.row:hover { background: var(--tint); }
.row.lit { background: var(--tint); box-shadow: inset 3px 0 var(--lit); }
.row .name { flex: none; width: 16rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; padding-right: .5rem; }
.bars { position: relative; flex: 1; height: 14px; margin-right: .5rem; }
.bar { position: absolute; height: 100%; min-width: 3px; border-radius: 2px;
  background: var(--ok); border-right: 1px solid var(--paper); }
.bar.retried { background: repeating-linear-gradient(90deg, var(--retried) 0 5px,
  transparent 5px 7px); }
.bar.failed { background: var(--failed); min-width: 4px; border: 0; z-index: 1; }
.bar.open { background: none; border: 1px dashed var(--open); }
.mark { color: var(--failed); font-weight: bold; }
.mark.retried { color: var(--retried); }
aside { position: fixed; inset: 0 0 0 auto; width: min(40rem, 92vw); overflow: auto;
  background: var(--paper); border-left: 1px solid var(--line); padding: 1rem 1.2rem;
  box-shadow: 0 0 2rem #0005; }
aside[hidden] { display: none; }
aside h3 { margin: .2rem 3rem .6rem 0; overflow-wrap: anywhere; }
aside h4 { margin: 1rem 0 .2rem; overflow-wrap: anywhere; }
aside > button { position: absolute; top: .8rem; right: 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--tint); margin: .3rem 0;
  padding: .5rem; border-radius: .3rem; max-height: 24rem; overflow: auto; }
summary { cursor: pointer; color: var(--faint); }
.error { color: var(--failed); }
@media (max-width: 40rem) { header, section { padding: .8rem; } .axis { margin-left: 7rem; }
  .row .name { width: 7rem; } input[type=search] { width: 100%; } }
@media print { main { display: flex; flex-direction: column; } .overview { order: 1; }
  section[data-run] { order: 2; } #run1 { order: 0; } .sides { display: block; }
  figure, .timeline { max-height: none; overflow: visible; }
  figure { break-inside: avoid; } aside, .tools { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
