/** Icons, drawn by hand. Each outcome has its own outline, so that none rests on colour alone. */

const SVG = 'http://www.w3.org/2000/svg';

export type IconName = 'passed' | 'claimed' | 'failed' | 'cannot_tell' | 'waiting' | 'broken' | 'document';

const CIRCLE = 'M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Z';
const OCTAGON = 'M8.2 2.5h7.6l5.7 5.7v7.6l-5.7 5.7H8.2l-5.7-5.7V8.2Z';
const DIAMOND = 'M12 1.8 22.2 12 12 22.2 1.8 12Z';
const TRIANGLE = 'M12 2.8 22.4 21H1.6Z';

/** Outline and stroke of each icon on a 24 × 24 field. */
const SHAPES: Readonly<Record<IconName, { readonly outline: string; readonly strokes: string }>> = {
  passed: { outline: CIRCLE, strokes: 'm7.6 12.4 3.1 3.1 5.9-6.6' },
  // A shape with no edge of its own around it: somebody says so.
  claimed: { outline: 'M4 3.5h16v13h-9l-4.5 4v-4H4Z', strokes: 'm8.4 10.2 2.6 2.6 4.8-5.4' },
  failed: { outline: OCTAGON, strokes: 'm8.6 8.6 6.8 6.8m0-6.8-6.8 6.8' },
  cannot_tell: {
    outline: DIAMOND,
    strokes: 'M9.7 9.9a2.35 2.35 0 1 1 3.5 2.05c-.85.5-1.2.95-1.2 1.75m0 2.6v.05',
  },
  waiting: { outline: CIRCLE, strokes: 'M8 12h.01M12 12h.01M16 12h.01' },
  broken: { outline: TRIANGLE, strokes: 'M12 9.6v5m0 3v.05' },
  document: { outline: 'M6 2.5h8l5 5v14H6Z', strokes: 'M14 2.5v5h5M12.5 18v-6.5m-2.8 2.8 2.8-2.8 2.8 2.8' },
};

/** An icon without a meaning of its own: the word always stands beside it. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  svg.append(path(SHAPES[name].outline, 'outline'), path(SHAPES[name].strokes, 'strokes'));
  return svg;
}

function path(data: string, className: string): SVGPathElement {
  const made = document.createElementNS(SVG, 'path');
  made.setAttribute('d', data);
  made.setAttribute('class', className);
  return made;
}
