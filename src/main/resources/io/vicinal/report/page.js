'use strict';
// The page's small vocabulary: elements, numbers, pictures, badges, the tooltip, tabs. Text only ever becomes text.

const report = JSON.parse(document.getElementById('data').textContent);

const raised = '\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079';

/** 3.1e-5 as people write it. */
const power = (digits, sign, exponent) => `${digits}\u2009\u00d7\u200910${sign === '-' ? '\u207b' : ''}${[...exponent].map(d => raised[d]).join('')}`;

/** Text as it is set: one minus sign, powers of ten, and a number on one line with its per cent sign. */
const set = child => typeof child !== 'string' ? child : child
  .replace(/(^|[\s(\u2192])-(?=[\d.])/g, '$1\u2212')
  .replace(/(\d(?:\.\d+)?)e([+-])0*(\d+)/g, (all, digits, sign, exponent) => power(digits, sign, exponent))
  .replace(/(\d) %/g, '$1\u202f%');

const nodes = children =>
  children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false).map(set);

/** Long words, such as paths, break behind their signs rather than anywhere. */
const breaking = child => typeof child !== 'string' || !/[^\s]{16}/.test(child) ? [child]
  : child.split(/(?<=[^\s/_.-]{2}[/_-])(?=[^\s])/).flatMap((part, i) => i === 0 ? [part] : [document.createElement('wbr'), part]);

/** A command line: its words stay whole where they fit on a line. */
const commandLine = text => h('code', null, text.split(' ').flatMap((word, i) => [i > 0 && ' ', h('span', {class: 'word'}, document.createTextNode(word))]));

/** An element: h('p', {class: 'lead'}, 'text', child). Functions are listeners, null and false are left out. */
function h(tag, props, ...children) {
  const space = ['svg', 'path', 'line', 'circle', 'g', 'text', 'rect'].includes(tag);
  const el = space ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') el.addEventListener(key, value);
    else if (key === 'vars') for (const [name, v] of Object.entries(value)) el.style.setProperty(name, v);
    else el.setAttribute(key, value === true ? '' : value);
  }
  el.append(...(space || tag === 'option' ? nodes(children) : nodes(children).flatMap(breaking)));
  return el;
}


/** Three significant digits, without exponents where people can read without. */
function number(x) {
  if (x === null || x === undefined) return '\u2013';
  const a = Math.abs(x);
  if (a === 0) return '0';
  if (a >= 1e6 || a < 1e-4) return set(x.toExponential(1));
  if (Number.isInteger(x)) return set(x.toLocaleString('en'));
  return set(a >= 100 ? x.toFixed(0) : x.toFixed(Math.min(6, 2 - Math.floor(Math.log10(a)))));
}

const signed = x => (x > 0 ? '+' : '') + number(x);
const percent = x => x === null || x === undefined ? '\u2013' : (100 * x).toFixed(1) + '\u2009%';

const pictured = Object.keys(report.pictures).length > 0;

/**
 * A sample's thumbnail. Small pictures are enlarged without blur. Where a page has pictures and this sample has none
 * its place stays empty; where a page has none there are no places.
 */
function picture(sample, size) {
  const uri = report.pictures[sample.key];
  if (!uri) return pictured && h('span', {class: 'picture empty ' + size, title: `no picture of ${sample.name}`});
  const img = h('img', {class: 'picture ' + size, src: uri, alt: `${sample.name}, ${sample.label}`});
  img.decode().then(() => img.classList.toggle('pixels', img.naturalWidth <= 40), () => {});
  return img;
}

/** The class a sample carries, and the one it really has. */
function labelOf(sample) {
  return h('span', {class: 'label'}, sample.label,
    sample.clean && h('span', {class: 'truth'}, ', really ', h('b', null, sample.clean)));
}

const badges = {
  verified: ['\u2713', 'verified', 'Measured: the head was solved again without the largest predicted samples, and moved as predicted.'],
  measured: ['=', 'measured', 'Measured: the head was solved again without this sample. The explanation as a whole is not verified.'],
  stable: ['\u2248', 'predicted, stable', 'Not solved again; the order of the samples hardly changes with the damping.'],
  unstable: ['~', 'unstable', 'Neither verified nor steady when the damping changes: do not act on it alone.'],
  predicted: ['\u2026', 'predicted', 'Predicted, and not solved again.'],
};

function badge(kind) {
  if (!badges[kind]) return null;
  const [sign, words, title] = badges[kind];
  return h('span', {class: 'badge ' + kind, title}, h('span', {'aria-hidden': 'true'}, sign), words);
}

function facts(list) {
  return list?.length > 0 && h('dl', {class: 'facts'}, list.map(f =>
    h('div', null, h('dt', null, f.name), h('dd', null, f.value, f.note && h('small', null, f.note)))));
}

/** A list that first shows some of its cards; on paper it shows all. */
function fillGallery(gallery, cards, few = 12) {
  const all = () => {
    gallery.replaceChildren(...cards);
    if (gallery.nextElementSibling?.matches('.more')) gallery.nextElementSibling.remove();
  };
  all();
  gallery.onpaper = all;
  if (cards.length > few) {
    gallery.replaceChildren(...cards.slice(0, few));
    gallery.after(h('button', {type: 'button', class: 'more', click: all}, `Show all ${cards.length}`));
  }
}

/** What may be wider than its place: it scrolls, and says so while it does. */
function sideways(...content) {
  const inner = h('div', {class: 'scroll', tabindex: '0'}, content);
  const hint = h('p', {class: 'hint', hidden: true, 'aria-hidden': 'true'}, 'Scroll sideways for more \u2192');
  const look = () => { hint.hidden = inner.scrollWidth <= inner.clientWidth + 1 || inner.scrollLeft + inner.clientWidth >= inner.scrollWidth - 1; };
  inner.addEventListener('scroll', look, {passive: true});
  new ResizeObserver(look).observe(inner);
  return h('div', {class: 'scrolling'}, inner, hint);
}

/** Paper shows what the screen folds away: every gallery whole, every tab's panel. */
addEventListener('beforeprint', () => {
  document.querySelectorAll('.gallery, .bars').forEach(e => e.onpaper?.());
  document.querySelectorAll('.tabs').forEach(e => e.after(h('div', {class: 'paper'}, e.panels())));
});
addEventListener('afterprint', () => document.querySelectorAll('.paper').forEach(e => e.remove()));

/** The one tooltip. Reads itself out; stays inside the window. */
const tip = {
  el: h('div', {class: 'tip', role: 'status', hidden: true}),
  show(x, y, ...content) {
    this.el.replaceChildren(...nodes(content));
    this.el.hidden = false;
    const box = this.el.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const left = x + 16 + box.width > wide ? x - 16 - box.width : x + 16;
    this.el.style.left = Math.max(8, Math.min(left, wide - box.width - 8)) + 'px';
    this.el.style.top = Math.max(8, Math.min(y - box.height / 2, innerHeight - box.height - 8)) + 'px';
  },
  hide() { this.el.hidden = true; },
};

/** Tabs after the ARIA pattern: arrows move, one panel is shown. entries: [{tab: nodes, panel: () => node}]. */
function tabs(label, entries, look) {
  const id = 't' + (tabs.count = (tabs.count ?? 0) + 1);
  const panel = h('div', {class: 'panel', role: 'tabpanel', id: id + 'p', tabindex: '0'});
  const buttons = entries.map((entry, i) => h('button', {
    role: 'tab', id: id + i, type: 'button', 'aria-controls': id + 'p',
    click: () => choose(i), keydown: e => move(e, i),
  }, entry.tab));
  function choose(i) {
    buttons.forEach((b, j) => {
      b.setAttribute('aria-selected', String(i === j));
      b.tabIndex = i === j ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', id + i);
    panel.replaceChildren(entries[i].panel());
  }
  function move(e, i) {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[e.key];
    const to = e.key === 'Home' ? 0 : e.key === 'End' ? buttons.length - 1
      : step && (i + step + buttons.length) % buttons.length;
    if (to === undefined) return;
    e.preventDefault();
    choose(to);
    buttons[to].focus();
  }
  choose(0);
  const el = h('div', {class: 'tabs ' + look}, h('div', {role: 'tablist', 'aria-label': label}, buttons), panel);
  el.panels = () => entries.map(entry => entry.panel());
  return el;
}

/** Buttons of which one is pressed. options: [[name, action]]. */
function choice(label, options) {
  const buttons = options.map(([name, action], i) => h('button', {type: 'button', click: () => {
    buttons.forEach((b, j) => b.setAttribute('aria-pressed', String(i === j)));
    action();
  }, 'aria-pressed': String(i === 0)}, name));
  return h('div', {class: 'choice', role: 'group', 'aria-label': label}, buttons);
}
