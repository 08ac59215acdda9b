// Curves and scatter plots as SVG, drawn again when their width changes. Pointer and arrow keys read values off.

const chartHeight = 300;
const margin = {top: 30, right: 14, bottom: 42, left: 52};

/** A scale from values to pixels with readable ticks. */
function scale(low, high, from, to, log, ticks) {
  const f = log ? Math.log10 : x => x;
  if (!(f(high) > f(low))) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const place = x => from + (f(x) - f(low)) / (f(high) - f(low)) * (to - from);
  place.ticks = ticks ?? [];
  if (ticks) return place;
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const step = Math.max(1, Math.ceil((last - first) / 5));
    for (let e = first; e <= last; e += step) place.ticks.push(10 ** e);
    if (place.ticks.length < 3) place.ticks = [0, 1].flatMap(e => [1, 2, 5].map(m => m * 10 ** (first - 1 + e)))
      .concat(10 ** (first + 1)).filter(t => t >= low * 0.999 && t <= high * 1.001);
    if (place.ticks.length < 2) place.ticks = [low, high];
  } else {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].find(s => s * power >= rough) * power;
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) place.ticks.push(i * step);
  }
  return place;
}

const extent = values => [Math.min(...values), Math.max(...values)];
const tickText = x => set(x !== 0 && (Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3)
  ? x.toExponential(0) : String(+x.toPrecision(4)));

/** An SVG as wide as its place. draw(svg, width) fills it. */
function responsive(label, draw) {
  const el = h('svg', {class: 'chart', role: 'img', 'aria-label': label, tabindex: '0', height: chartHeight});
  let last = 0;
  new ResizeObserver(() => {
    const width = Math.round(el.clientWidth);
    if (!width || width === last) return;
    last = width;
    el.setAttribute('viewBox', `0 0 ${width} ${chartHeight}`);
    el.replaceChildren();
    draw(el, width);
  }).observe(el);
  return el;
}

function axes(el, width, x, y, xName, yName) {
  const bottom = chartHeight - margin.bottom;
  for (const t of y.ticks) {
    el.append(h('line', {class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(t), y2: y(t)}),
      h('text', {class: 'tick', x: margin.left - 8, y: y(t) + 4, 'text-anchor': 'end'}, tickText(t)));
  }
  for (const t of x.ticks) {
    el.append(h('line', {class: 'grid', x1: x(t), x2: x(t), y1: bottom, y2: bottom + 4}),
      h('text', {class: 'tick', x: x(t), y: bottom + 18, 'text-anchor': 'middle'}, tickText(t)));
  }
  el.append(
    h('line', {class: 'axis', x1: margin.left, x2: width - margin.right, y1: bottom, y2: bottom}),
    h('text', {class: 'axis-name', x: width - margin.right, y: chartHeight - 6, 'text-anchor': 'end'}, xName),
    h('text', {class: 'axis-name', x: 0, y: 12}, yName));
}

/** Ten hues and four dashes: twenty curves can be told apart, the first ones also without colour. */
const look = i => `s${i % 10} d${i % 4}`;
const key = i => h('svg', {class: 'key', width: 24, height: 8, 'aria-hidden': 'true'},
  h('line', {class: `curve ${look(i)}`, x1: 1, x2: 23, y1: 4, y2: 4}));

/** Curves over a number, bars over names. */
const drawn = chart => chart.names ? barChart(chart) : lineChart(chart);

/** A bar for every name and series, all from 0, with its value. */
function barChart(chart) {
  const most = Math.max(...chart.series.flatMap(s => s.y.map(y => Math.abs(y ?? 0)))) || 1;
  const rows = chart.names.map((name, i) => h('li', null, h('span', {class: 'bar-name'}, name),
    h('div', {class: 'bar-rows'}, chart.series.map((s, k) => h('div', {class: `bar-row s${k % 10}`},
      h('span', {class: 'bar', vars: {'--part': Math.abs(s.y[i] ?? 0) / most}}),
      h('span', {class: 'num'}, number(s.y[i])))))));
  const list = h('ol', {class: 'bars'});
  const figure = h('figure', null, h('figcaption', null, `${chart.title} (${chart.y})`),
    chart.series.length > 1 && h('div', {class: 'legend'}, chart.series.map((s, k) =>
      h('span', {class: `s${k % 10}`}, h('span', {class: 'swatch', 'aria-hidden': 'true'}), s.name))), list);
  fillGallery(list, rows);
  return figure;
}

/** Curves with a legend whose entries hide and show them. */
function lineChart(chart) {
  const hidden = new Set();
  const usable = chart.series.map(s => ({
    ...s, points: s.x.map((x, i) => [x, s.y[i]]).filter(([x, y]) =>
      x !== null && y !== null && (!chart.logX || x > 0) && (!chart.logY || y > 0)),
  }));
  const all = usable.flatMap(s => s.points);
  if (!all.length) return null;
  let redraw = () => {};
  const el = responsive(`${chart.title}: ${chart.y} by ${chart.x}, ${usable.map(s => s.name).join(', ')}`,
    (svg, width) => (redraw = () => {
      svg.replaceChildren();
      const stops = [...new Set(all.map(p => p[0]))];
      const x = scale(...extent(stops), margin.left, width - margin.right, chart.logX, chart.logX && stops.length < 9 ? stops : null);
      let [low, high] = extent(all.map(p => p[1]));
      if (!chart.logY && low > 0 && low < 0.5 * high) low = 0;
      if (!chart.logY && low !== 0) low -= 0.06 * (high - low);
      const y = scale(low, high, chartHeight - margin.bottom, margin.top, chart.logY);
      axes(svg, width, x, y, chart.x, chart.y);
      usable.forEach((s, i) => hidden.has(i) || svg.append(h('path', {
        class: `curve ${look(i)}`, d: s.points.map(([a, b], k) => `${k ? 'L' : 'M'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join(''),
      }), ...(s.points.length < 12 ? s.points.map(([a, b]) => h('circle', {class: `dot ${look(i)}`, cx: x(a), cy: y(b), r: 3})) : [])));
      readOff(svg, usable, hidden, x, y, chart);
    })());
  const legend = h('div', {class: 'legend'}, usable.map((s, i) => h('button', {
    type: 'button', 'aria-pressed': 'true', click: e => {
      hidden.has(i) ? hidden.delete(i) : hidden.add(i);
      e.currentTarget.setAttribute('aria-pressed', String(!hidden.has(i)));
      redraw();
    },
  }, key(i), s.name)));
  return h('figure', null, h('figcaption', null, chart.title), el, usable.length > 1 && legend);
}

/** A rule that follows pointer or arrow keys and reads every curve at its place. */
function readOff(svg, series, hidden, x, y, chart) {
  const rule = h('line', {class: 'rule', y1: margin.top, y2: chartHeight - margin.bottom, visibility: 'hidden'});
  const dots = h('g');
  svg.append(rule, dots);
  const stops = [...new Set(series.flatMap(s => s.points.map(p => p[0])))].sort((a, b) => a - b);
  let at = -1;
  const nearest = (points, value) => points.reduce((a, b) => Math.abs(b[0] - value) < Math.abs(a[0] - value) ? b : a);
  function show(i) {
    at = Math.max(0, Math.min(stops.length - 1, i));
    rule.setAttribute('x1', x(stops[at]));
    rule.setAttribute('x2', x(stops[at]));
    rule.setAttribute('visibility', 'visible');
    const rows = series.map((s, k) => ({name: s.name, k, p: s.points.length ? nearest(s.points, stops[at]) : null}))
      .filter(r => r.p && !hidden.has(r.k)).sort((a, b) => b.p[1] - a.p[1]);
    dots.replaceChildren(...rows.map(r => h('circle', {class: `dot ${look(r.k)}`, cx: x(r.p[0]), cy: y(r.p[1]), r: 4})));
    const box = svg.getBoundingClientRect();
    tip.show(box.left + x(stops[at]), box.top + chartHeight / 2, h('div', {class: 'tip-title'}, `${chart.x}: ${number(stops[at])}`),
      h('table', null, rows.map(r => h('tr', null, h('td', null, key(r.k)),
        h('td', null, r.name), h('td', {class: 'num'}, number(r.p[1]))))));
  }
  function hide() {
    rule.setAttribute('visibility', 'hidden');
    dots.replaceChildren();
    tip.hide();
  }
  svg.onpointermove = e => {
    const px = e.clientX - svg.getBoundingClientRect().left;
    show(stops.reduce((best, s, i) => Math.abs(x(s) - px) < Math.abs(x(stops[best]) - px) ? i : best, 0));
  };
  svg.onpointerleave = svg.onblur = hide;
  svg.onkeydown = e => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
    if (step) { e.preventDefault(); show(at + step); }
    if (e.key === 'Escape') hide();
  };
}

/** Predicted against actual, with the line on which both are equal. */
function scatter(section) {
  const points = section.predicted.map((p, i) => ({p, a: section.actual[i], name: section.names[i] ?? ''}))
    .filter(q => q.p !== null && q.a !== null);
  if (!points.length) return null;
  let at = -1;
  const el = responsive(`Actual against predicted change, ${points.length} experiments`, (svg, width) => {
    const [lowX, highX] = extent(points.map(q => q.p)), [lowY, highY] = extent(points.map(q => q.a));
    const pad = (a, b) => [a - 0.06 * (b - a || 1), b + 0.06 * (b - a || 1)];
    const x = scale(...pad(lowX, highX), margin.left, width - margin.right);
    const y = scale(...pad(lowY, highY), chartHeight - margin.bottom, margin.top);
    axes(svg, width, x, y, `predicted (${section.unit})`, 'actual');
    const low = Math.max(pad(lowX, highX)[0], pad(lowY, highY)[0]), high = Math.min(pad(lowX, highX)[1], pad(lowY, highY)[1]);
    if (high > low) svg.append(h('line', {class: 'identity', x1: x(low), y1: y(low), x2: x(high), y2: y(high)}));
    const circles = points.map((q, i) => h('circle', {class: 'point', cx: x(q.p), cy: y(q.a), r: 5, pointerenter: () => show(i), pointerleave: hide}));
    svg.append(...circles);
    function show(i) {
      circles[at]?.classList.remove('on');
      circles[at = (i + circles.length) % circles.length].classList.add('on');
      const box = circles[at].getBoundingClientRect();
      tip.show(box.right, box.top, h('div', {class: 'tip-title'}, points[at].name),
        h('div', null, `predicted ${signed(points[at].p)}`), h('div', null, `actual ${signed(points[at].a)}`));
    }
    function hide() { circles[at]?.classList.remove('on'); tip.hide(); }
    svg.onblur = hide;
    svg.onkeydown = e => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
      if (step) { e.preventDefault(); show(at + step); }
      if (e.key === 'Escape') hide();
    };
  });
  return h('figure', null, h('figcaption', null, 'Each dot is one experiment; on the line, prediction and retraining agree'), el);
}
