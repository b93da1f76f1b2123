/** For whoever has no statement at hand: an example, and the same one forged. */
import { messages } from '../messages/index.ts';
import type { Example } from '../subject.ts';
import { element } from './element.ts';
import { quietButton } from './save.ts';

const text = messages.example;

export function examplesView(onChoice: (which: Example) => void): HTMLElement {
  return element(
    'section',
    { class: 'examples', 'aria-labelledby': 'examples-title' },
    element('h2', { id: 'examples-title' }, text.title),
    element(
      'div',
      { class: 'buttons' },
      quietButton('example-honest', text.honest, () => onChoice('honest')),
      quietButton('example-forged', text.forged, () => onChoice('forged')),
    ),
  );
}
