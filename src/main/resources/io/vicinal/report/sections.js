// One function per kind of section; each gives the nodes below the section's heading.

const draw = {
  Headline: {render: s => [
    s.findings.length > 0 && h('ul', {class: 'findings'}, s.findings.map(f => h('li', null, f))),
    s.command && h('div', {class: 'next'}, h('p', {class: 'muted'}, 'Next:'), h('pre', null, commandLine(s.command))),
    s.figures.length > 0 && h('dl', {class: 'figures'}, s.figures.map(f =>
      h('div', null, h('dt', null, f.name), h('dd', null, f.value), f.note && h('dd', {class: 'note'}, f.note)))),
  ]},

  Retrieval: {
    title: 'Retrieval', short: 'Retrieval',
    help: 'How often the nearest samples are of the query\u2019s class. R@k: at least one among the k nearest; MAP@R: how pure and how well ordered the R nearest are.',
    render: s => [h('div', {class: 'split'}, sideways(retrievalTable(s)), s.charts.map(drawn))],
  },

  Detection: {
    title: 'Finding wrong labels', short: 'Wrong labels',
    help: s => s.curves && 'Every detector sorts the training samples, most suspicious first. Its curve shows how many of the wrong labels are found after inspecting a share of them; the higher and the more to the left, the better.',
    render: s => [
      (s.curves || s.detectors.length > 0) && h('div', {class: 'split'}, s.curves && drawn(s.curves), s.detectors.length > 0 && sideways(detectorTable(s.detectors))),
      s.suspects.length > 0 && [h('h3', null, 'Most suspicious'), suspects(s.suspects)],
    ],
  },

  Relabelling: {
    title: 'Proposed labels', short: 'Proposals',
    help: 'What each doubted sample should be called instead, and how sure the proposal is. \u201cNone of these\u201d means that no class fits: remove the sample rather than rename it.',
    render: s => [facts(s.facts), proposals(s.proposals)],
  },

  Verification: {
    title: 'Prediction against retraining', short: 'Proof',
    help: 'The head was really solved again, with samples left out, re-weighted or relabelled, and the effect measured on this report\u2019s own data.',
    render: s => [facts(s.facts), h('div', {class: 'split'}, scatter(s), s.charts.map(drawn))],
  },

  Health: {
    title: 'Health of the curvature', short: 'Curvature',
    help: 'The effects above come from linear systems with the loss\u2019s curvature. Here is whether those were solved, and how well conditioned they are.',
    render: s => [
      s.warnings.length > 0 && h('ul', {class: 'warnings'}, s.warnings.map(w => h('li', null, w))),
      facts(s.facts), h('div', {class: 'split'}, s.charts.map(drawn)),
    ],
  },

  Field: {
    title: 'Classes by the labels that their samples should carry', short: 'Classes',
    help: 'A class counts by what its samples are recommended. Centralized: at least 10 % of a class should move, to one other class. Diversified: the same, in several directions. Individual: at most 5 %.',
    render: s => [facts(s.facts), sideways(h('table', null,
      h('thead', null, h('tr', null, h('th', {scope: 'col'}, 'Rule'), s.categories.map(c => h('th', {scope: 'col', class: 'num'}, c)))),
      h('tbody', null, s.rules.map(r => h('tr', null, h('th', {scope: 'row'}, r.name), r.values.map(v => h('td', {class: 'num'}, number(v))))))))],
  },

  WorstClasses: {
    title: 'Worst classes over seeds and losses', short: 'Worst classes',
    help: 'A class that is among the worst for every model is hard, or badly labelled, whatever is trained. The number is its place in a model\u2019s list, 1 for the worst.',
    render: s => [facts(s.facts), sideways(h('table', {class: 'heat'},
      h('thead', null, h('tr', null, h('th', {scope: 'col'}, 'Class'), s.models.map(m => h('th', {scope: 'col'}, m)))),
      h('tbody', null, s.classes.map((c, i) => h('tr', null, h('th', {scope: 'row'}, c), s.ranks[i].map(r =>
        h('td', {vars: {'--heat': r ? 1 - 0.8 * (r - 1) / Math.max(1, worst(s.ranks) - 1) : 0}}, r || '')))))))],
  },
};

draw.Findings = {
  title: 'Findings', short: 'Findings',
  help: s => s.groups.length > 0 && 'Worst first. Errors make a training stop or its results wrong; most warnings are faults, some are as they should be; notes are facts. findings.csv beside this page has all of them.',
  render: s => s.groups.map(g => h('article', {class: 'found ' + g.severity},
    h('h3', null, g.name.replaceAll('-', ' '), ' ', h('span', {class: 'count'}, number(g.all))),
    h('p', {class: 'muted'}, `${g.severity[0].toUpperCase()}${g.severity.slice(1)}: ${g.advice}.`,
      g.cards.length < g.all && ` The first ${g.cards.length} are shown.`),
    g.cards.some(c => c.sample.label) ? cards(g.cards) : foundTable(g.cards))),
};

function cards(list) {
  const gallery = h('div', {class: 'gallery'}), place = h('div', {class: 'stack'}, gallery);
  fillGallery(gallery, list.map(c => h('figure', {class: c.other ? 'card two' : 'card'},
    h('div', {class: 'looks'}, [c.sample, c.other].map(x => x && picture(x, 'm'))),
    h('figcaption', null, [c.sample, c.other].map(x => x && [h('b', null, x.name), h('span', {class: 'label'}, x.label)]), h('small', null, c.detail)))));
  return place;
}

function foundTable(list) {
  return sideways(h('table', null, h('tbody', null, list.map(c => h('tr', null, h('th', {scope: 'row'}, c.sample.name), h('td', null, c.detail))))));
}

const worst = ranks => Math.max(...ranks.flat());

/** Each column says with which other one its arrows compare; a change is told in points. */
function retrievalTable(s) {
  const other = i => s.stages[s.against[i]];
  return h('table', null,
    h('thead', null, h('tr', null, h('th', {scope: 'col'}, 'Metric'), s.stages.map((t, i) => h('th', {scope: 'col', class: 'num'}, t,
      other(i) && h('small', null, `\u25b4\u25be points against \u201c${other(i)}\u201d`))))),
    h('tbody', null, s.rows.map(r => h('tr', null, h('th', {scope: 'row'}, r.name), r.values.map((v, i) => {
      const before = other(i) ? r.values[s.against[i]] : null;
      const change = v !== null && before !== null ? 100 * (v - before) : null;
      return h('td', {class: 'num'}, percent(v),
        change !== null && h('small', {class: Math.abs(change) < 0.05 ? null : change < 0 ? 'down' : 'up'},
          (Math.abs(change) < 0.05 ? '' : change < 0 ? '\u25be ' : '\u25b4 ') + Math.abs(change).toFixed(1)));
    })))));
}

function detectorTable(detectors) {
  const budget = detectors[0].budget;
  return h('table', null,
    h('thead', null, h('tr', null, ['Detector', 'AUC', 'Average precision', `Right among first ${number(budget)}`].map((t, i) =>
      h('th', {scope: 'col', class: i ? 'num' : null}, t)))),
    h('tbody', null, detectors.map((d, i) => h('tr', {class: i ? null : 'best'}, h('th', {scope: 'row'}, d.name),
      h('td', {class: 'num'}, d.auc?.toFixed(3) ?? '\u2013'),
      h('td', {class: 'num'}, d.averagePrecision?.toFixed(3) ?? '\u2013'), h('td', {class: 'num'}, percent(d.precisionAtBudget))))));
}

function suspects(list) {
  const gallery = h('div', {class: 'gallery'}), place = h('div', {class: 'stack'}, gallery);
  fillGallery(gallery, list.map(p => h('figure', {class: 'card'},
    picture(p.sample, 'm'), h('figcaption', null, h('b', null, p.sample.name), labelOf(p.sample)))));
  return place;
}

/** From one label to another. Struck through is only what is taken away, not what a person has yet to decide. */
const moved = (from, to, taken) => h('span', {class: 'move'}, h(taken ? 's' : 'span', null, from), ' \u2192 ', h(taken ? 'strong' : 'span', null, to));

/** Proposals with a filter. Where clean labels are known, each says whether it is right. */
function proposals(list) {
  const truthKnown = list.some(p => p.sample.clean);
  const right = p => p.proposed === (p.sample.clean ?? p.sample.label);
  const gallery = h('div', {class: 'gallery'}), place = h('div', {class: 'stack'}, gallery);
  const show = keep => fillGallery(gallery, list.filter(keep).map(p => h('figure', {class: 'card'},
    picture(p.sample, 'm'),
    h('figcaption', null,
      h('b', null, p.sample.name),
      moved(p.sample.label, p.proposed ?? 'none of these', p.taken),
      h('span', {class: 'meter', vars: {'--part': p.probability}}), h('small', null, `probability ${percent(p.probability)}`),
      truthKnown && p.proposed && h('small', {class: right(p) ? 'right' : 'wrong'}, right(p) ? '\u2713 right' : `\u2717 wrong: ${p.sample.clean ?? p.sample.label}`),
      p.effect && h('small', null, p.effect), badge(p.badge)))));
  show(() => true);
  const options = [[`All ${list.length}`, () => show(() => true)]];
  if (truthKnown) options.push(['Right', () => show(p => p.proposed && right(p))], ['Wrong', () => show(p => p.proposed && !right(p))]);
  if (list.some(p => !p.proposed)) options.push(['None of these', () => show(p => !p.proposed)]);
  return [options.length > 1 && choice('Which proposals', options), place];
}
