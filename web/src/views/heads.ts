/** "Compare heads": what two people compare to be sure that they were shown the same log. */
import { encode } from 'uqr';
import { compareFingerprint, fingerprint, FINGERPRINT_CHARACTERS, headText } from '../fingerprint.ts';
import { messages, sentence } from '../messages/index.ts';
import type { LogFacts } from '../report.ts';
import { element } from './element.ts';
import { foreign } from './foreign.ts';
import { shape } from './svg.ts';

const text = messages.look.heads;

export function headsView(log: LogFacts | null): HTMLElement {
  if (log === null) {
    return element('p', {}, text.none);
  }
  const verdict = element('p', { class: 'comparison', role: 'status' });
  const typed = element('input', { type: 'text', id: 'other-head', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', dir: 'ltr' });
  typed.addEventListener('input', () => {
    const result = typed.value.trim() === '' ? null : compareFingerprint(log, typed.value);
    verdict.className = `comparison ${result === 'same' ? 'tone-passed' : result === 'different' ? 'tone-failed' : ''}`;
    verdict.replaceChildren(result === null ? '' : sentence(text[result], { count: String(FINGERPRINT_CHARACTERS) }));
  });
  const size = new Intl.NumberFormat(messages.tag).format(log.size);
  return element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.lede),
    element('p', { class: 'label' }, foreign(log.origin), ' · ', sentence(text.fingerprint, { size })),
    element('p', { class: 'fingerprint', dir: 'ltr' }, foreign(fingerprint(log), 'foreign code')),
    drawQr(headText(log)),
    element('label', { for: 'other-head' }, text.other),
    typed,
    verdict,
  );
}

/** Black on white in every colour scheme: cameras expect that. The border of 4 modules is the standard's (ISO/IEC 18004). */
function drawQr(content: string): Node {
  const { data, size } = encode(content, { ecc: 'M', border: 4 });
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])));
  return shape(
    'svg',
    { class: 'qr', viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': text.qr, 'shape-rendering': 'crispEdges' },
    shape('rect', { class: 'qr-paper', width: size, height: size }),
    shape('path', { class: 'qr-ink', d: dark.join('') }),
  );
}
