"""How the report of runs looks and answers: one style sheet, one script."""

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
.badge rect { fill: var(--ok); }
.badge.ran-retried rect { fill: var(--retried); }
.badge.ran-failed rect { fill: var(--failed); }
.badge.ran-open rect { fill: var(--open); }
.badge text { font: bold 11px Arial, sans-serif; fill: var(--paper); text-anchor: middle; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; font-weight: 500; overflow-wrap: anywhere; }
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
.bar.failed { background: var(--failed); }
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
@media print { .sides { display: block; } figure, .timeline { max-height: none; overflow: visible; }
  figure { break-inside: avoid; } aside, .tools { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""

SCRIPT = r"""
'use strict';
const DATA = JSON.parse(document.getElementById('data').textContent);
const HIGH = 24, PRINTED = 1000, SIGNS = {failed: '✗', retried: '↻', open: '…', ok: ''};
const detail = document.getElementById('detail');
const SVG = 'http://www.w3.org/2000/svg';
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const visitsOf = row => row.v ? [row.v] : row.w;
const worst = row => ['failed', 'retried', 'open', 'ok']
  .find(state => visitsOf(row).some(visit => visit.s === state)) || 'ok';
const nameOf = row => row.v ? row.v.n : `${row.o} ${row.g}`;
const seconds = value => value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;

function paint(section, run) {
  for (const one of Object.values(run.states)) {
    const group = document.getElementById(one.id);
    if (!group) continue;
    if (!one.count) { group.classList.add('never'); continue; }
    group.classList.add(`ran-${one.state}`);
    const box = group.querySelector('.box');
    const signs = ['failed', 'retried', 'open'].filter(kind => one[kind])
      .map(kind => `${one[kind].toLocaleString('en')}\u2009${SIGNS[kind]}`);
    const alone = signs.length && one[one.state] === one.count;
    const text = [...alone ? [] : [one.count.toLocaleString('en')], ...signs].join(' · ');
    const wide = 10 + text.length * 7, right = +box.getAttribute('x') + +box.getAttribute('width');
    const top = +box.getAttribute('y');
    const badge = document.createElementNS(SVG, 'g');
    badge.setAttribute('class', `badge ran-${one.state}`);
    const back = document.createElementNS(SVG, 'rect');
    for (const [key, value] of Object.entries({x: right - wide + 4, y: top - 8, width: wide,
      height: 16, rx: 8})) back.setAttribute(key, value);
    const label = document.createElementNS(SVG, 'text');
    label.setAttribute('x', right - wide / 2 + 4);
    label.setAttribute('y', top + 4);
    label.textContent = text;
    badge.append(back, label);
    group.append(badge);
  }
  const taken = new Map(run.moves.map(([from, to, times]) => [`${from}\n${to}`, times]));
  for (const edge of section.querySelectorAll('g.edge')) {
    const times = taken.get(`${edge.dataset.source}\n${edge.dataset.target}`);
    if (times) {
      edge.classList.add('taken');
      edge.querySelector('title').textContent += `\ntaken ${times.toLocaleString('en')} times`;
    } else if (!edge.matches('.start, .end')) edge.classList.add('untaken');
  }
}

function show(run, row) {
  const close = make('button', '', 'Close');
  close.addEventListener('click', hide);
  const nodes = [close, make('h3', '', nameOf(row))];
  for (const visit of visitsOf(row)) {
    const head = make('h4', '', `${visit.n} `);
    const sign = SIGNS[visit.s];
    if (sign) head.append(make('span', `mark ${visit.s}`, `${sign} ${visit.s}`));
    nodes.push(head, make('p', '', `${visit.t}, at ${seconds(visit.a)} for ` +
      `${seconds(visit.b - visit.a)}${visit.r ? `, ${visit.r} attempts` : ''}`));
    for (const [error, cause] of visit.e || []) {
      nodes.push(make('pre', 'error', `${error}\n${cause}`));
    }
    nodes.push(value(run, 'Input', visit.i));
    if (visit.o !== undefined) nodes.push(value(run, 'Output', visit.o));
  }
  detail.replaceChildren(...nodes);
  detail.hidden = false;
  detail.scrollTop = 0;
}

function value(run, title, index) {
  const box = make('details'), text = run.values[index];
  box.append(make('summary', '', `${title} (${text.length.toLocaleString('en')} characters)`));
  box.addEventListener('toggle', () => {
    if (box.childElementCount === 1) {
      box.append(make('pre', '', JSON.stringify(JSON.parse(text), null, 2)));
    }
  });
  return box;
}

function hide() { detail.hidden = true; }

function begin(section) {
  const run = DATA[+section.dataset.run];
  const list = section.querySelector('.timeline'), space = section.querySelector('.space');
  const tools = section.querySelector('.tools');
  let rows = run.rows, at = -1, kind = 'all', state = '', words = '';
  const long = run.seconds || 1;
  paint(section, run);

  const draw = whole => {
    const first = whole === true ? 0 : Math.max(0, Math.floor(list.scrollTop / HIGH) - 5);
    const room = whole === true ? PRINTED : Math.ceil(list.clientHeight / HIGH) + 10;
    const last = Math.min(rows.length, first + room);
    space.style.height = `${(whole === true ? last : rows.length) * HIGH}px`;
    const nodes = [];
    for (let index = first; index < last; index += 1) nodes.push(line(index));
    space.replaceChildren(...nodes);
  };
  const line = index => {
    const row = rows[index], state = worst(row);
    const node = make('div', `row${index === at ? ' lit' : ''}`);
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', index === at);
    node.style.top = `${index * HIGH}px`;
    const name = make('span', 'name', nameOf(row));
    name.style.paddingLeft = `${.6 + row.d * 1.1}rem`;
    name.title = nameOf(row);
    if (SIGNS[state]) name.prepend(make('span', `mark ${state}`, `${SIGNS[state]} `));
    const bars = make('span', 'bars');
    for (const visit of visitsOf(row)) {
      const bar = make('span', `bar ${visit.s}`);
      bar.style.left = `${visit.a / long * 99.5}%`;
      bar.style.width = `${(visit.b - visit.a) / long * 99.5}%`;
      bar.title = `${visit.n}: ${visit.s}, ${seconds(visit.b - visit.a)}`;
      bars.append(bar);
    }
    node.append(name, bars);
    node.addEventListener('click', () => { choose(index); show(run, rows[index]); });
    return node;
  };
  const choose = index => {
    at = Math.max(0, Math.min(rows.length - 1, index));
    if (at * HIGH < list.scrollTop) list.scrollTop = at * HIGH;
    const under = (at + 1) * HIGH - list.clientHeight;
    if (under > list.scrollTop) list.scrollTop = under;
    draw();
  };
  const has = row => {
    const look = words.toLowerCase();
    return nameOf(row).toLowerCase().includes(look) || visitsOf(row).some(visit =>
      visit.n.toLowerCase().includes(look) || [visit.i, visit.o].some(index =>
        index !== undefined && run.values[index].toLowerCase().includes(look)));
  };
  const sift = () => {
    rows = run.rows.filter(row => (kind === 'all' || worst(row) === kind) && (!state ||
      visitsOf(row).some(visit => visit.n === state)) && (!words || has(row)));
    at = -1;
    list.scrollTop = 0;
    said.textContent = `${rows.length.toLocaleString('en')} of ` +
      `${run.rows.length.toLocaleString('en')} rows${state ? ` in ${state}` : ''}`;
    for (const button of tools.querySelectorAll('button[data-kind]')) {
      button.setAttribute('aria-pressed', button.dataset.kind === kind);
    }
    clear.hidden = !state;
    draw();
  };
  for (const one of ['all', 'failed', 'retried']) {
    const many = run.rows.filter(row => one === 'all' || worst(row) === one).length;
    const button = make('button', '', `${one} ${many.toLocaleString('en')}`);
    button.dataset.kind = one;
    button.addEventListener('click', () => { kind = one; sift(); });
    tools.append(button);
  }
  const search = make('input');
  search.type = 'search';
  search.placeholder = 'find in names and values';
  search.setAttribute('aria-label', search.placeholder);
  search.addEventListener('input', () => { words = search.value; sift(); });
  const clear = make('button', '', 'every state');
  clear.addEventListener('click', () => { state = ''; sift(); });
  const said = make('span');
  said.setAttribute('role', 'status');
  tools.append(search, clear, said);

  for (const [name, one] of Object.entries(run.states)) {
    const group = document.getElementById(one.id);
    if (!group || !one.count) continue;
    group.setAttribute('tabindex', '0');
    const pick = event => { event.stopPropagation(); state = name; sift(); };
    group.addEventListener('click', pick);
    group.addEventListener('keydown', event => { if (event.key === 'Enter') pick(event); });
  }
  const ends = ['0', seconds(run.seconds)].map(text => make('span', '', text));
  section.querySelector('.axis').append(...ends);
  list.addEventListener('scroll', draw, {passive: true});
  list.addEventListener('keydown', event => {
    const page = Math.floor(list.clientHeight / HIGH);
    const step = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9,
      j: 1, k: -1}[event.key];
    if (event.key === 'Enter' && at >= 0) show(run, rows[at]);
    else if (step && !event.ctrlKey && !event.metaKey && !event.altKey) choose(at + step);
    else return;
    event.preventDefault();
    if (!detail.hidden && at >= 0) show(run, rows[at]);
  });
  window.addEventListener('resize', draw);
  window.addEventListener('beforeprint', () => draw(true));
  window.addEventListener('afterprint', draw);
  sift();
}
document.addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });
document.querySelectorAll('section').forEach(begin);
"""
