/** "Addresses": the exchange's list of reserves, which a visitor opens from a file, searched and shown page by page. */
import { fill, messages, sentence } from '../messages/index.ts';
import { type Outcome, type Reserve, type Reserves, ReservesUnloaded, searchReserves } from '../reserves.ts';
import { type Child, element } from './element.ts';
import { foreign } from './foreign.ts';
import { icon } from './icon.ts';
import { quietButton } from './save.ts';

const text = messages.look.addresses;

/** Rows on a page of the table. */
const PAGE = 25;

/** Signatures that are judged at a time: some tenth of a second of the worker. */
const SIGNATURES = 25;

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
        (error: unknown) => {
          refusal.replaceChildren(error instanceof ReservesUnloaded ? text.unloaded : text.refused);
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

function listView({ rows, bound, ownership }: Reserves): HTMLElement[] {
  let found = rows;
  const outcomes = new Map<Reserve, Outcome>();
  // A column for what most exchanges do not say is there where one does.
  const told = rows.some(({ holding, encumbered }) => holding !== null || encumbered !== null);
  const signatures = element('p', { class: 'signatures', role: 'status' });
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
  if (bound) {
    void judge();
  }
  const heads = [`${text.network}, ${text.address}`, text.asset, text.amount, text.class, text.signature, ...(told ? [text.held] : [])];
  return [
    ...(bound ? [element('p', { class: 'bound' }, text.found), signatures] : []),
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

  /** All signatures, some at a time, until the table is no longer on the page. */
  async function judge(): Promise<void> {
    for (let from = 0; from < rows.length; from += SIGNATURES) {
      const judged = rows.slice(from, from + SIGNATURES);
      try {
        (await ownership(from, judged.length)).forEach((outcome, at) => outcomes.set(judged[at]!, outcome));
      } catch {
        // What was not judged stays "not checked yet"; nothing is summed up.
        signatures.replaceChildren(messages.included.broken.word);
        return;
      }
      if (!body.isConnected) {
        return;
      }
      signatures.replaceChildren(sentence(text.judging, { done: number(outcomes.size), count: number(rows.length) }));
      refresh();
    }
    const count = (wanted: Outcome): string => number([...outcomes.values()].filter((outcome) => outcome === wanted).length);
    signatures.replaceChildren(
      sentence(text.tally, {
        count: number(rows.length),
        proven: count('proven'),
        undecided: count('undecided'),
        failed: count('not-proven'),
      }),
    );
  }

  function turn(by: number): void {
    first += by;
    show();
  }

  /** Writes the outcomes that have come into the rows that are shown. */
  function refresh(): void {
    found.slice(first, first + PAGE).forEach((row, at) => {
      body.rows[at]?.cells[4]?.replaceChildren(...outcomeWords(outcomes.get(row)));
    });
  }

  function show(): void {
    const page = found.slice(first, first + PAGE);
    body.replaceChildren(...page.map((row) => rowOf(row, outcomes.get(row), told)));
    range.replaceChildren(
      page.length === 0
        ? text.nothing
        : sentence(text.range, { first: number(first + 1), last: number(first + page.length), count: number(found.length) }),
    );
    previous.disabled = first === 0;
    next.disabled = first + PAGE >= found.length;
  }
}

function number(value: number): string {
  return new Intl.NumberFormat(messages.tag).format(BigInt(value));
}

function rowOf(row: Reserve, outcome: Outcome | undefined, told: boolean): HTMLElement {
  const { network, address, instance, amount, evidence } = row;
  return element(
    'tr',
    {},
    element('td', {}, foreign(network, 'foreign code network'), foreign(address, 'foreign code')),
    element('td', {}, foreign(instance, 'foreign code')),
    element('td', { class: 'number' }, foreign(amount, 'foreign code')),
    element('td', {}, foreign(evidence.replaceAll('_', ' '))),
    element('td', { class: 'outcome' }, ...outcomeWords(outcome)),
    told ? element('td', {}, ...heldWords(row)) : null,
  );
}

/** How the exchange says that it holds a reserve, part by part. */
function heldWords({ encumbered, holding }: Reserve): HTMLElement[] {
  const parts: [string, string | null][] = [
    [text.custodian, holding?.custodian ?? null],
    [text.staked, holding?.staked ?? null],
    [text.encumbered, encumbered],
    [text.lent, holding?.lent ?? null],
  ];
  const custody = holding?.custody ?? null;
  const words = parts.flatMap(([template, value]) => (value === null ? [] : [element('span', { class: 'part' }, ...fill<Child>(template, { value: foreign(value, 'foreign code') }))]));
  return [...(custody === null ? [] : [element('span', { class: 'part' }, text.custody[custody])]), ...words];
}

/** Nothing reads as proven until the verifier has said so. */
function outcomeWords(outcome: Outcome | undefined): (Node | string)[] {
  switch (outcome) {
    case 'proven':
      return [icon('passed'), text.proven];
    case 'undecided':
      return [icon('cannot_tell'), text.undecided];
    case 'not-proven':
      return [icon('failed'), text.unproven];
    case undefined:
      return [icon('waiting'), text.waiting];
  }
}
