// Every doubted label, a page at a time, for a person to decide. Decisions stay in this browser and leave as a file.

/**
 * What was decided, by position: the decision and the label that is right by it. Where the browser keeps nothing, it
 * lasts as long as the page. The key is of this page's suspects; a decision that does not fit its suspect is forgotten.
 */
function decisionsOf(key, suspects) {
  let stored = {}, lasting = true;
  try { stored = JSON.parse(localStorage.getItem(key) ?? '{}'); } catch { lasting = false; }
  const fits = (d, made) => made && typeof made.label === 'string' && {
    accept: made.label === d.proposed, keep: made.label === d.label, other: true}[made.decision];
  const kept = {};
  for (const d of suspects) if (fits(d, stored[d.position])) kept[d.position] = stored[d.position];
  const keep = () => { try { localStorage.setItem(key, JSON.stringify(kept)); } catch { lasting = false; } };
  return {
    get: position => kept[position],
    set(position, decision) { if (decision) kept[position] = decision; else delete kept[position]; keep(); },
    clear() { for (const position in kept) delete kept[position]; keep(); },
    count: () => Object.keys(kept).length,
    lasting: () => lasting,
  };
}

const hasProposal = d => d.proposed !== undefined && d.proposed !== null;
const csvCell = text => /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;

/** The file that `vicinal labels apply` reads: one line per decision. Classes with names have both. */
function decisionsCsv(s, decisions) {
  const texts = new Map(s.classes.map(c => [c.label, c.text])), named = s.classes.some(c => c.text);
  const columns = ['label', 'proposed', 'new_label'];
  const rows = [['sample', 'name', ...columns, 'decision', ...(named ? columns.map(c => c + '_name') : []), 'made_for']];
  for (const d of s.suspects) {
    const made = decisions.get(d.position);
    if (!made) continue;
    const labels = [d.label, d.proposed ?? '', made.label];
    rows.push([String(d.position), d.sample.name, ...labels, made.decision, ...(named ? labels.map(l => texts.get(l) ?? '') : []), s.madeFor]);
  }
  return rows.map(r => r.map(csvCell).join(',') + '\n').join('');
}

function review(s) {
  const perPage = 24, decisions = decisionsOf('vicinal ' + s.key, s.suspects), names = new Map(s.classes.map(c => [c.label, c.name]));
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
    URL.revokeObjectURL(link.href);
  }}, 'Save decisions.csv');
  const clear = h('button', {type: 'button', click: () => { if (confirm('Forget all decisions?')) { decisions.clear(); show(page); } }}, 'Forget all');
  addEventListener('beforeprint', () => gallery.replaceChildren(...shown.map(card)));
  addEventListener('afterprint', () => show(page));
  filter(keep);
  return h('div', {class: 'stack review'},
    choice('Which labels', kinds.map(([name, by, fixed]) =>
      [fixed ? `${name} ${number(s.suspects.filter(by).length)}` : name, () => filter(by)])),
    state, gallery,
    h('div', {class: 'pager'}, back, where, next),
    h('div', {class: 'pager'}, acceptAll, save, clear),
    h('p', {class: 'muted'}, 'Then: ', h('code', null, s.apply)));
}

draw.Review = {
  title: 'Doubted labels, one by one', short: 'Review',
  help: 'Accept the proposed label, keep the present one, or choose another; a second press takes a decision back. Decisions are kept in this browser.',
  render: review,
};
