// The embedding in the plane, on a canvas. Pointer, tap or arrow keys choose a sample and show its image.

const hues = 10;

draw.EmbeddingMap = {
  title: 'Map of the embedding', short: 'Map',
  help: 'Every dot is a sample; near means alike to the model. Point at one, tap it, or walk with the arrow keys. Ringed dots are marked.',
  render: s => {
    const view = {zoom: 1, x: 0.5, y: 0.5, chosen: null, only: null, layout: 0, moving: 1, from: null};
    const canvas = h('canvas', {class: 'map', tabindex: '0', role: 'img',
      'aria-label': `Map of ${s.points.length} samples of ${s.classes.length} classes; arrow keys walk from sample to sample`});
    const layouts = s.projections.map(unitSquare);
    const note = h('p', {class: 'muted note'});
    const map = mapOn(canvas, s, layouts, view);
    const legend = h('div', {class: 'legend'}, s.classes.map((name, c) => h('button', {
      type: 'button', class: `s${c % hues}${c >= hues ? ' alt' : ''}`, 'aria-pressed': 'false', click: e => {
        view.only = view.only === c ? null : c;
        legend.querySelectorAll('button').forEach(b => b.setAttribute('aria-pressed', 'false'));
        if (view.only !== null) e.currentTarget.setAttribute('aria-pressed', 'true');
        map.paint();
      }}, h('span', {class: 'swatch', 'aria-hidden': 'true'}), name)));
    const choose = i => { map.morph(i); note.textContent = s.projections[i].note ?? ''; };
    note.textContent = s.projections[0].note ?? '';
    const zoom = factor => { map.zoom(factor); };
    return [h('div', {class: 'map-tools'},
      choice('Layout', s.projections.map((p, i) => [p.name, () => choose(i)])),
      h('div', {class: 'choice'},
        h('button', {type: 'button', 'aria-label': 'Zoom in', click: () => zoom(1.5)}, '+'),
        h('button', {type: 'button', 'aria-label': 'Zoom out', click: () => zoom(1 / 1.5)}, '\u2212'),
        h('button', {type: 'button', click: () => zoom(0)}, 'Whole')), note),
      canvas, legend];
  },
};

/** Coordinates into 0..1, both axes by the same factor. */
function unitSquare(p) {
  const [lowX, highX] = extent(p.x), [lowY, highY] = extent(p.y);
  const size = Math.max(highX - lowX, highY - lowY) || 1;
  return p.x.map((x, i) => [0.5 + (x - (lowX + highX) / 2) / size, 0.5 - (p.y[i] - (lowY + highY) / 2) / size]);
}

function mapOn(canvas, s, layouts, view) {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const ink = (() => {
    const probe = h('span', {hidden: true});
    document.body.append(probe);
    return cls => { probe.className = cls; return getComputedStyle(probe).color; };
  })();
  let places = layouts[0];
  let box = {w: 0, h: 0};

  function screen(i) {
    const side = Math.min(box.w, box.h) - 32;
    const stretch = Math.min(1.5, (box.w - 32) / side);
    return [box.w / 2 + (places[i][0] - view.x) * side * stretch * view.zoom, box.h / 2 + (places[i][1] - view.y) * side * view.zoom];
  }

  function paint() {
    const dpr = devicePixelRatio || 1;
    box = {w: canvas.clientWidth, h: canvas.clientHeight};
    if (!box.w) return;
    canvas.width = box.w * dpr;
    canvas.height = box.h * dpr;
    const g = canvas.getContext('2d');
    g.scale(dpr, dpr);
    const colours = Array.from({length: hues}, (_, c) => ink(`ink s${c}`));
    const text = ink('ink text');
    const radius = Math.max(2.2, Math.min(5, 90 / Math.sqrt(s.points.length))) * Math.min(1, Math.sqrt(box.w / 700)) * Math.min(2, Math.sqrt(view.zoom));
    for (const marked of [false, true]) {
      s.points.forEach((p, i) => {
        if (!!p.mark !== marked) return;
        const [x, y] = screen(i);
        g.globalAlpha = view.only !== null && view.only !== p.classIndex ? 0.08 : 0.8;
        g.fillStyle = colours[p.classIndex % hues];
        dot(g, x, y, radius, p.classIndex >= hues);
        if (marked) { g.strokeStyle = text; g.lineWidth = 1.6; g.beginPath(); g.arc(x, y, radius + 2.6, 0, 7); g.stroke(); }
      });
    }
    g.globalAlpha = 1;
    if (view.chosen !== null) {
      const [x, y] = screen(view.chosen);
      g.strokeStyle = text;
      g.lineWidth = 2.5;
      g.beginPath();
      g.arc(x, y, radius + 6, 0, 7);
      g.stroke();
    }
  }

  /** Classes beyond the tenth have the same colours as squares. */
  function dot(g, x, y, r, square) {
    g.beginPath();
    if (square) g.rect(x - r, y - r, 2 * r, 2 * r);
    else g.arc(x, y, r, 0, 7);
    g.fill();
  }

  function nearest(px, py, reach) {
    let best = null, least = reach * reach;
    s.points.forEach((p, i) => {
      if (view.only !== null && view.only !== p.classIndex) return;
      const [x, y] = screen(i), d = (x - px) ** 2 + (y - py) ** 2;
      if (d < least) { least = d; best = i; }
    });
    return best;
  }

  function choose(i) {
    view.chosen = i;
    paint();
    if (i === null) return tip.hide();
    const p = s.points[i], [x, y] = screen(i), at = canvas.getBoundingClientRect();
    tip.show(at.left + x, at.top + y, picture(p.sample, 'l'), h('div', {class: 'tip-title'}, p.sample.name),
      labelOf(p.sample), p.mark && h('div', {class: 'mark'}, p.mark));
  }

  /** The nearest sample in a direction, counting sideways distance double. */
  function walk(dx, dy) {
    if (view.chosen === null) return choose(nearest(box.w / 2, box.h / 2, 1e5));
    const [cx, cy] = screen(view.chosen);
    let best = null, least = Infinity;
    s.points.forEach((p, i) => {
      if (view.only !== null && view.only !== p.classIndex) return;
      const [x, y] = screen(i), along = (x - cx) * dx + (y - cy) * dy, aside = Math.abs((x - cx) * dy) + Math.abs((y - cy) * dx);
      if (along > 0.5 && along + 2 * aside < least) { least = along + 2 * aside; best = i; }
    });
    if (best !== null) choose(best);
  }

  function zoom(factor) {
    view.zoom = factor ? Math.max(1, Math.min(24, view.zoom * factor)) : 1;
    if (view.zoom === 1) view.x = view.y = 0.5;
    else if (view.chosen !== null) [view.x, view.y] = places[view.chosen];
    choose(null);
  }

  /** Moves every dot to its place in another layout. */
  function morph(to) {
    choose(null);
    const from = places, target = layouts[to], start = performance.now(), lasts = still.matches ? 1 : 600;
    const step = now => {
      const t = Math.min(1, Math.max(0, (now - start) / lasts)), e = t * t * (3 - 2 * t);
      places = t < 1 ? from.map(([x, y], i) => [x + e * (target[i][0] - x), y + e * (target[i][1] - y)]) : target;
      paint();
      if (t < 1) requestAnimationFrame(step);
      canvas.ariaBusy = t < 1;
    };
    canvas.ariaBusy = true;
    requestAnimationFrame(step);
  }

  let drag = null;
  canvas.addEventListener('pointerdown', e => { drag = {x: e.clientX, y: e.clientY, vx: view.x, vy: view.y, moved: false}; });
  canvas.addEventListener('pointermove', e => {
    const at = canvas.getBoundingClientRect();
    if (drag && e.buttons && view.zoom > 1) {
      const side = (Math.min(box.w, box.h) - 32) * view.zoom;
      view.x = drag.vx - (e.clientX - drag.x) / side;
      view.y = drag.vy - (e.clientY - drag.y) / side;
      return choose(null);
    }
    if (e.pointerType === 'mouse') choose(nearest(e.clientX - at.left, e.clientY - at.top, 24));
  });
  canvas.addEventListener('pointerup', () => { drag = null; });
  canvas.addEventListener('click', e => {
    const at = canvas.getBoundingClientRect();
    choose(nearest(e.clientX - at.left, e.clientY - at.top, 32));
  });
  canvas.addEventListener('pointerleave', e => { if (e.pointerType === 'mouse') choose(null); });
  canvas.addEventListener('blur', () => choose(null));
  canvas.addEventListener('keydown', e => {
    const way = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[e.key];
    if (way) { e.preventDefault(); walk(...way); }
    if (e.key === 'Escape') choose(null);
    if (e.key === '+') zoom(1.5);
    if (e.key === '-') zoom(1 / 1.5);
  });
  new ResizeObserver(paint).observe(canvas);
  addEventListener('themechange', paint);
  return {paint, zoom, morph};
}
