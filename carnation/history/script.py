"""What the report of runs answers: its only script, which writes foreign values as text only."""

from __future__ import annotations

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
const nameOf = row => row.v ? row.v.n : `${row.o} ${row.g}${row.k ? ` ${row.k}` : ''}`;
const RANK = {ok: 0, open: 1, retried: 2, failed: 3};
const plain = text => text.toLowerCase().replace(/["\s]/g, '');
const seconds = value => value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;

function paint(section, run) {
  for (const one of Object.values(run.states)) {
    const group = document.getElementById(one.id);
    if (!group) continue;
    if (!one.count) { group.classList.add('never'); continue; }
    group.classList.add(`ran-${one.state}`);
    const box = group.querySelector('.box');
    const right = +box.getAttribute('x') + +box.getAttribute('width');
    const bad = ['failed', 'retried', 'open'].filter(kind => one[kind])
      .map(kind => [kind, `${one[kind].toLocaleString('en')}\u2009${SIGNS[kind]}`]);
    const alone = bad.length === 1 && one[bad[0][0]] === one.count;
    const pills = [...alone ? [] : [['ok', one.count.toLocaleString('en')]], ...bad];
    const badge = document.createElementNS(SVG, 'g');
    badge.setAttribute('class', 'badge');
    pills.forEach(([kind, text], at) => {
      const wide = 9 + text.length * 6.6, top = +box.getAttribute('y') - 5 + at * 15;
      const back = document.createElementNS(SVG, 'rect');
      back.setAttribute('class', kind);
      for (const [key, value] of Object.entries({x: right - 9, y: top, width: wide,
        height: 15, rx: 7.5})) back.setAttribute(key, value);
      const label = document.createElementNS(SVG, 'text');
      label.setAttribute('x', right - 9 + wide / 2);
      label.setAttribute('y', top + 11.5);
      label.textContent = text;
      badge.append(back, label);
    });
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
  if (detail.hidden) opener = document.activeElement;
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

let opener = null;
function hide() {
  if (detail.hidden) return;
  detail.hidden = true;
  if (opener) opener.focus();
}

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
    node.id = `${section.id}-row${index}`;
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', index === at);
    node.style.top = `${index * HIGH}px`;
    const name = make('span', 'name', nameOf(row));
    name.style.paddingLeft = `${.6 + row.d * 1.1}rem`;
    name.title = nameOf(row);
    if (SIGNS[state]) name.prepend(make('span', `mark ${state}`, `${SIGNS[state]} `));
    const bars = make('span', 'bars');
    // what failed is painted last
    for (const visit of [...visitsOf(row)].sort((a, b) => RANK[a.s] - RANK[b.s])) {
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
    list.setAttribute('aria-activedescendant', `${section.id}-row${at}`);
  };
  const texts = [];
  const textOf = index => texts[index] === undefined
    ? texts[index] = plain(run.values[index]) : texts[index];
  const has = row => {
    const look = plain(words);
    return plain(nameOf(row)).includes(look) || visitsOf(row).some(visit =>
      plain(`${visit.n} ${visit.s}`).includes(look) ||
      (visit.e || []).some(error => plain(error.join(' ')).includes(look)) ||
      [visit.i, visit.o].some(index => index !== undefined && textOf(index).includes(look)));
  };
  const sift = () => {
    rows = run.rows.filter(row => (kind === 'all' || worst(row) === kind) && (!state ||
      visitsOf(row).some(visit => visit.n === state)) && (!words || has(row)));
    at = -1;
    list.scrollTop = 0;
    list.removeAttribute('aria-activedescendant');
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
  search.addEventListener('keydown', event => {
    if (event.key === 'Enter' && rows.length) { list.focus(); choose(0); show(run, rows[0]); }
  });
  search.type = 'search';
  search.placeholder = 'Find names, values, errors';
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
    group.setAttribute('role', 'button');
    group.querySelector('title').textContent += `\n${one.count.toLocaleString('en')} visits, ` +
      `${one.failed || 0} failed. Show only this state.`;
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
const unfold = () => {
  const section = document.querySelector(`${location.hash || '#none'}[data-run]`);
  const box = section && section.querySelector('details');
  if (box) box.open = true;
};
for (const section of document.querySelectorAll('section[data-run]')) {
  const box = section.querySelector('details');
  if (box) box.addEventListener('toggle', () => begin(section), {once: true});
  else begin(section);
}
window.addEventListener('hashchange', unfold);
unfold();
"""
