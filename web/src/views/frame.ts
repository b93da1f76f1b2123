/** What stands around the answer at all times: what the page is, the promise it makes, and the way to do without it. */
import { fill, messages } from '../messages/index.ts';
import { type Child, element } from './element.ts';

const text = messages.page;

export function header(languages: HTMLElement): HTMLElement {
  return element(
    'header',
    { class: 'top' },
    element('div', { class: 'bar-of-page' }, element('p', { class: 'brand' }, text.name), languages),
    element('h1', {}, text.title),
    element('p', { class: 'lede' }, text.lede),
    element('p', { class: 'privacy' }, text.privacy),
  );
}

/** The footer, and the place in it where the verifier's state is told. */
export function footer(): { readonly root: HTMLElement; readonly verifier: HTMLElement } {
  const verifier = element('p', { class: 'verifier' }, text.verifierStarting);
  const command = fill<Child>(text.command, { file: 'statement.por', policy: 'policy.txt' });
  const root = element(
    'footer',
    { class: 'bottom' },
    element('p', {}, text.footer),
    element('p', {}, element('code', {}, ...command)),
    verifier,
  );
  return { root, verifier };
}

/** Before a check: what the answer will consist of. */
export function stepsView(): HTMLElement {
  const { title, list } = messages.steps;
  return element(
    'section',
    { class: 'steps', 'aria-labelledby': 'steps-title' },
    element('h2', { id: 'steps-title' }, title),
    element('ol', {}, ...list.map(step)),
  );
}

/** The question is set apart from its explanation at the first question mark of the sentence. */
function step(sentence: string): HTMLElement {
  const end = sentence.search(/[?？؟]/) + 1;
  return element('li', {}, element('b', {}, sentence.slice(0, end)), sentence.slice(end));
}
