// The worst confusions: choose one on the left (phone: above), see its images and who is to blame.

draw.Confusions = {
  title: 'Worst confusions, and who is to blame', short: 'Confusions',
  help: 'A query and its nearest neighbour of another class. Beside them the training samples that did it: to blame if removing one would move the two apart, protecting if removing it would let them come even closer.',
  render: s => [s.items.length > 0 && tabs('Confusions', s.items.map(c => ({
    tab: [pictured && h('span', {class: 'pair'}, picture(c.pairs[0].query, 's'), picture(c.pairs[0].neighbour, 's')),
      h('span', {class: 'tab-text'}, h('b', null, c.name),
        h('small', null, c.all > 1 ? `${c.pairs.length} of ${c.all} pairs shown` : `${c.pairs[0].query.label} \u2192 ${c.pairs[0].neighbour.label}`))],
    panel: () => confusion(c),
  })), 'side')],
};

function confusion(c) {
  const strongest = Math.max(...[...c.harmful, ...c.helpful].map(e => Math.abs(e.measured ?? e.predicted)));
  const apart = c.raised ? `raises ${c.raised}` : 'moves them apart';
  const together = c.raised ? `lowers ${c.raised}` : 'moves them together';
  return h('article', {class: 'confusion'},
    c.badge && h('p', {class: 'explained'}, h('b', null, c.name), badge(c.badge), c.rests && h('span', {class: 'muted'}, c.rests)),
    sideways(h('div', {class: 'pairs'}, c.pairs.map(p => h('div', {class: 'duo'},
      h('figure', null, picture(p.query, 'l'), h('figcaption', null, h('b', null, p.query.name), labelOf(p.query))),
      h('div', {class: 'between'}, h('span', {class: 'arrow', 'aria-hidden': 'true'}, '\u2194'), h('b', null, number(p.distance)), h('small', null, c.moved ? 'squared distance, as delivered' : 'squared distance')),
      h('figure', null, picture(p.neighbour, 'l'), h('figcaption', null, h('b', null, p.neighbour.name), labelOf(p.neighbour))))))),
    c.moved && h('p', {class: 'muted'}, c.moved),
    c.sentences.length > 0 && h('ul', {class: 'sentences'}, c.sentences.map(t => h('li', null, t))),
    h('div', {class: 'blame'},
      effects('To blame', `Removing one ${apart}, by this ${c.unit}. The ${c.harmful.length} largest predicted.`, 'harm', c.harmful, strongest),
      effects('Protecting', `Removing one ${together}, by this ${c.unit}. The ${c.helpful.length} largest predicted.`, 'help', c.helpful, strongest)));
}

function effects(title, words, kind, list, strongest) {
  return list.length > 0 && h('div', {class: 'effects ' + kind},
    h('h4', null, title), h('p', {class: 'muted'}, words),
    h('ol', null, list.map(e => h('li', null,
      picture(e.sample, 's'),
      h('div', {class: 'effect'},
        h('div', {class: 'who'}, h('b', null, e.sample.name), labelOf(e.sample),
          e.proposed && h('span', {class: 'proposed'}, 'rename to ', h('strong', null, e.proposed))),
        h('div', {class: 'bar', vars: {'--part': Math.abs(e.measured ?? e.predicted) / strongest || 0}}),
        h('div', {class: 'size'}, h('b', null, signed(e.measured ?? e.predicted)),
          e.measured !== null && e.measured !== undefined && h('small', null, `predicted ${signed(e.predicted)}`), badge(e.badge)))))));
}
