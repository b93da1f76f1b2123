/** "Addresses": the exchange's list of reserves, which a visitor opens from a file, searched and shown page by page. */
import { messages, sentence } from '../messages/index.ts';
import { type Reserve, type Reserves, searchReserves } from '../reserves.ts';
import { element } from './element.ts';
import { foreign } from './foreign.ts';
import { quietButton } from './save.ts';

const text = messages.look.addresses;

/** Rows on a page of the table. */
const PAGE = 25;

export function addressesView(open: (list: File) => Promise<Reserves>): HTMLElement {
  const place = element('div', { class: 'stack' });
  const refusal = element('p', { class: 'refusal', role: 'alert' });
  const input = element('input', { type: 'file', id: 'reserves-file', 'aria-label': text.choose, autocomplete: 'off' });
  input.addEventListener('change', () => {
    const list = input.files?.[0];
    input.value = '';
    if (list !== undefined) {
      open(list).then(
        (reserves) => {
          refusal.replaceChildren(...(reserves.bound ? [] : [text.other]));
          place.replaceChildren(...listView(reserves));
        },
        () => {
          refusal.replaceChildren(text.refused);
          place.replaceChildren();
        },
      );
    }
  });
  const button = element('span', { class: 'button', 'aria-hidden': 'true' }, text.choose);
  return element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.absent),
    element('p', {}, element('label', { class: 'file-button', for: 'reserves-file' }, input, button)),
    refusal,
    place,
  );
}

function listView({ rows, bound }: Reserves): HTMLElement[] {
  let found = rows;
  let first = 0;
  const body = element('tbody');
  const range = element('p', { class: 'range', role: 'status' });
  const previous = quietButton('reserves-previous', text.previous, () => turn(-PAGE));
  const next = quietButton('reserves-next', text.next, () => turn(PAGE));
  const search = element('input', { type: 'search', id: 'reserves-search', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  search.addEventListener('input', () => {
    found = searchReserves(rows, search.value);
    first = 0;
    show();
  });
  show();
  const heads = [text.network, text.address, text.asset, text.amount, text.class];
  return [
    ...(bound ? [element('p', { class: 'bound' }, text.found)] : []),
    element('label', { for: 'reserves-search' }, text.search),
    search,
    range,
    element(
      'div',
      { class: 'wide', tabindex: '0', role: 'region', 'aria-label': text.tab },
      element('table', {}, element('thead', {}, element('tr', {}, ...heads.map((name) => element('th', { scope: 'col' }, name)))), body),
    ),
    element('div', { class: 'buttons' }, previous, next),
  ];

  function turn(by: number): void {
    first += by;
    show();
  }

  function show(): void {
    const page = found.slice(first, first + PAGE);
    body.replaceChildren(...page.map(rowOf));
    const number = (value: number): string => new Intl.NumberFormat(messages.tag).format(BigInt(value));
    range.replaceChildren(
      page.length === 0
        ? text.nothing
        : sentence(text.range, { first: number(first + 1), last: number(first + page.length), count: number(found.length) }),
    );
    previous.disabled = first === 0;
    next.disabled = first + PAGE >= found.length;
  }
}

function rowOf({ network, address, instance, amount, evidence }: Reserve): HTMLElement {
  const cells = [network, address, instance, amount, evidence.replaceAll('_', ' ')];
  return element('tr', {}, ...cells.map((value) => element('td', {}, foreign(value, 'foreign code'))));
}
