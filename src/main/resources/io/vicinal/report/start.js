// Puts the page together: head, navigation, sections, provenance.

function themeButton() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  const button = h('button', {type: 'button', class: 'theme', click: () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    tell();
  }});
  const tell = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`);
    dispatchEvent(new Event('themechange'));
  };
  dark.addEventListener('change', tell);
  tell();
  return button;
}

function sectionOf(s, i) {
  const {title, help, render} = draw[s.type];
  const explained = typeof help === 'function' ? help(s) : help;
  const id = s.type.toLowerCase();
  return h('section', {id, 'aria-labelledby': id + '-title'},
    h('header', null, h('h2', {id: id + '-title'}, title), s.lead && h('p', {class: 'lead'}, s.lead), explained && h('p', {class: 'muted'}, explained)),
    render(s));
}

/** Marks the link of the section that is being read. */
function follow(links) {
  const seen = new Map();
  const watcher = new IntersectionObserver(entries => {
    entries.forEach(e => seen.set(e.target.id, e.isIntersecting));
    const current = links.find(a => seen.get(a.hash.slice(1)));
    links.forEach(a => a === current ? a.setAttribute('aria-current', 'true') : a.removeAttribute('aria-current'));
  }, {rootMargin: '-20% 0px -60% 0px'});
  links.forEach(a => watcher.observe(document.getElementById(a.hash.slice(1))));
}

(() => {
  document.body.classList.toggle('plain', !pictured);
  document.title = report.title;
  const headline = report.sections.find(s => s.type === 'Headline');
  const rest = report.sections.filter(s => s.type !== 'Headline' && draw[s.type]);
  const links = rest.map(s => h('a', {href: '#' + s.type.toLowerCase()}, draw[s.type].short));
  document.body.append(
    h('a', {class: 'skip', href: '#main'}, 'To the findings'),
    h('nav', {'aria-label': 'Sections'}, h('span', {class: 'brand'}, 'Vicinal'), h('div', {class: 'links'}, links), themeButton()),
    h('main', {id: 'main'},
      h('header', {class: 'hero'},
        h('p', {class: 'kicker'}, report.title),
        h('h1', null, headline?.sentence ?? report.title),
        report.subtitle && h('p', {class: 'subtitle'}, report.subtitle),
        headline && draw.Headline.render(headline)),
      rest.map(sectionOf)),
    h('footer', null, h('h2', null, 'How this report was made'), facts(report.provenance)),
    tip.el);
  follow(links);
  addEventListener('scroll', () => tip.hide(), {passive: true});
})();
