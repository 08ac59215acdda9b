// Every doubted label, a page at a time, for a person to decide. Decisions stay in this browser and leave as a file.

/**
 * What was decided, by position: the decision and the label that is right by it. The key is that of the labels, so that
 * another report of them finds the decisions again, and an open one is told; each is written by itself, for two pages
 * may be open. One that does not fit its suspect is not seen. Where the browser keeps nothing, it lasts as long as the
 * page.
 */
function decisionsOf(key, suspects, changed = () => {}) {
  let all = {}, lasting = true;
  const asked = new Map(suspects.map(d => [String(d.position), d]));
  function read() {
    let text = null;
    try { text = localStorage.getItem(key); } catch { lasting = false; }
    if (!lasting) return;
    all = {};
    try {
      for (const [position, made] of Object.entries(JSON.parse(text) ?? {})) if (typeof made?.label === 'string') all[position] = made;
    } catch { /* somebody else's text: decided again, it is written over */ }
  }
  function change(by) {
    read();
    by();
    try { if (lasting) localStorage.setItem(key, JSON.stringify(all)); } catch { lasting = false; }
  }
  function get(position) {
    const made = all[position], d = asked.get(String(position));
    if (!made || !d) return undefined;
    switch (made.decision) {
      case 'accept': return made.label === d.proposed ? made : undefined;
      case 'keep': return made.label === d.label ? made : undefined;
      case 'other': return made;
      default: return undefined;
    }
  }
  read();
  addEventListener('storage', e => { if (e.key === key || e.key === null) { read(); changed(); } });
  return {
    get,
    set(position, decision) { change(() => { if (decision) all[position] = decision; else delete all[position]; }); },
    clear() { change(() => { for (const position of asked.keys()) delete all[position]; }); },
    count: () => suspects.filter(d => get(d.position)).length,
    lasting: () => lasting,
  };
}

const hasProposal = d => d.proposed !== undefined && d.proposed !== null;
/** As CsvReader.cell: a reader may leave out blanks around a cell that is not in quotes. */
const csvCell = text => /[",\r\n\uFEFF]|^\s|\s$|^[\x1c-\x1f]|[\x1c-\x1f]$/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;

/** The file that `vicinal labels apply` reads: one line per decision. Classes with names have both. */
function decisionsCsv(s, decisions) {
  const texts = new Map(s.classes.map(c => [c.label, c.text])), named = s.classes.some(c => c.text);
  const columns = ['label', 'proposed', 'new_label'];
  const called = s.suspects.some(d => typeof d.name === 'string');
  const rows = [['sample', ...(called ? ['sample_name'] : []), ...columns, 'decision', ...(named ? columns.map(c => c + '_name') : []), 'made_for']];
  for (const d of s.suspects) {
    const made = decisions.get(d.position);
    if (!made) continue;
    const labels = [d.label, d.proposed ?? '', made.label];
    rows.push([String(d.position), ...(called ? [d.name ?? ''] : []), ...labels, made.decision, ...(named ? labels.map(l => texts.get(l) ?? '') : []), s.madeFor]);
  }
  return rows.map(r => r.map(csvCell).join(',') + '\n').join('');
}

function review(s) {
  const perPage = 24, decisions = decisionsOf('vicinal ' + s.key, s.suspects, () => show(page)), names = new Map(s.classes.map(c => [c.label, c.name]));
  const called = label => names.get(label) ?? label;
  const gallery = h('div', {class: 'gallery'}), state = h('p', {class: 'muted', role: 'status'}), where = h('span', {class: 'muted'});
  const taken = d => d.suggestion === 'accept';
  const kinds = [ // name, which, whether their number stays
    ['Left to a person', d => d.suggestion !== 'accept' && d.suggestion !== 'keep', true],
    ['To accept', taken, true], ['To keep', d => d.suggestion === 'keep', true], ['All', () => true, true],
    ['Not decided', d => !decisions.get(d.position)], ['Decided', d => decisions.get(d.position)],
  ].filter(([, by, fixed]) => !fixed || s.suspects.some(by));
  let keep = kinds[0][1], shown = [], page = 0;

  /** What the label is, and what it becomes. */
  function move(d, made) {
    if (made?.decision === 'keep') return [h('strong', null, called(d.label)), ' (kept)'];
    if (made) return [h('s', null, called(d.label)), ' \u2192 ', h('strong', null, called(made.label))];
    return [called(d.label), ' \u2192 ', hasProposal(d) && h('strong', null, called(d.proposed)), '?'];
  }
  /** Why one is asked: the classes that come into question, the present one among them. */
  const odds = d => [[d.label, d.labelProbability, ', present'], hasProposal(d) && [d.proposed, d.probability, ''],
    d.second && d.second !== d.label && [d.second, d.secondProbability, '']]
    .filter(o => o && o[1] !== null && o[1] !== undefined)
    .map(([label, p, what]) => h('small', {class: 'odds'}, h('span', {class: 'meter', vars: {'--part': p}}), `${percent(p)} ${called(label)}${what}`));

  function card(d) {
    const made = decisions.get(d.position);
    const decide = (decision, label) => {
      const same = decisions.get(d.position)?.decision === decision && decision !== 'other';
      decisions.set(d.position, same || label === undefined ? null : {decision, label});
      el.replaceWith(card(d));
      tell();
    };
    const button = (decision, label, words, title) => h('button', {
      type: 'button', title, 'aria-pressed': String(made?.decision === decision), click: () => decide(decision, label)}, words);
    const others = s.classes.filter(c => c.label !== d.label && c.label !== d.proposed);
    const other = others.length > 0 && h('select', {'aria-label': `Another class for ${d.sample.name}`, change: e => decide('other', others[e.target.value]?.label)},
      h('option', {value: ''}, made?.decision === 'other' ? 'Undo' : 'Other \u2026'),
      others.map((c, i) => h('option', {value: String(i), selected: made?.decision === 'other' && made.label === c.label}, c.name)));
    const el = h('figure', {class: 'card decide' + (made ? ' decided' : '')},
      report.pictures[d.sample.key] && picture(d.sample, 'm'),
      h('figcaption', null,
        h('b', null, d.sample.name),
        h('span', {class: 'move'}, move(d, made)),
        odds(d),
        d.suggestion !== 'accept' && h('small', null, {keep: 'keep is suggested', 'none of these': 'resembles no class'}[d.suggestion] ?? 'left to you'),
        d.sample.clean && h('small', null, 'really ', d.sample.clean)),
      h('div', {class: 'decisions', role: 'group', 'aria-label': `Decision on ${d.sample.name}`},
        hasProposal(d) && button('accept', d.proposed, 'Accept', 'The proposed label is right'),
        button('keep', d.label, 'Keep', 'The present label is right'), other));
    return el;
  }

  const onPage = () => shown.slice(page * perPage, (page + 1) * perPage);
  function show(to) {
    const last = Math.max(0, Math.ceil(shown.length / perPage) - 1);
    page = Math.max(0, Math.min(to, last));
    gallery.replaceChildren(...onPage().map(card));
    where.textContent = shown.length === 0 ? 'none'
      : `${number(page * perPage + 1)}\u2013${number(Math.min(shown.length, (page + 1) * perPage))} of ${number(shown.length)}`;
    back.disabled = page === 0;
    next.disabled = page === last;
    tell();
  }
  function tell() {
    const n = decisions.count();
    state.textContent = `${number(n)} of ${number(s.suspects.length)} decided`
      + (decisions.lasting() ? '.' : '; this browser keeps nothing when the page is closed: save the file before.');
    save.disabled = n === 0;
    clear.disabled = n === 0;
    const rest = onPage().filter(d => !decisions.get(d.position)).length;
    acceptAll.hidden = keep !== taken; // many at once only where the rule proposes them
    acceptAll.disabled = rest === 0;
    acceptAll.textContent = `Accept the ${number(rest)} undecided on this page`;
  }
  const filter = by => { keep = by; shown = s.suspects.filter(keep); show(0); };
  const back = h('button', {type: 'button', click: () => show(page - 1)}, '\u2190 Back');
  const next = h('button', {type: 'button', click: () => show(page + 1)}, 'Next \u2192');
  const acceptAll = h('button', {type: 'button', click: () => {
    for (const d of onPage()) if (taken(d) && !decisions.get(d.position)) decisions.set(d.position, {decision: 'accept', label: d.proposed});
    show(page);
  }});
  const save = h('button', {type: 'button', class: 'primary', click: () => {
    const file = new Blob([decisionsCsv(s, decisions)], {type: 'text/csv'});
    const link = h('a', {href: URL.createObjectURL(file), download: 'decisions.csv'});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000); // the browser may not have begun to read it
  }}, 'Save decisions.csv');
  const clear = h('button', {type: 'button', click: () => { if (confirm('Forget all decisions?')) { decisions.clear(); show(page); } }}, 'Forget all');
  addEventListener('beforeprint', () => gallery.replaceChildren(...s.suspects.map(card))); // whatever is chosen
  addEventListener('afterprint', () => show(page));
  filter(keep);
  return h('div', {class: 'stack review'},
    choice('Which labels', kinds.map(([name, by, fixed]) =>
      [fixed ? `${name} ${number(s.suspects.filter(by).length)}` : name, () => filter(by)])),
    state, gallery,
    h('div', {class: 'pager'}, back, where, next),
    h('div', {class: 'pager'}, acceptAll, save, clear),
    h('p', {class: 'muted'}, 'Then: ', commandLine(s.apply)));
}

draw.Review = {
  title: 'Doubted labels, one by one', short: 'Review',
  help: 'Accept the proposed label, keep the present one, or choose another; a second press takes a decision back. Decisions are kept in this browser.',
  render: review,
};
