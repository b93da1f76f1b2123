/** "Addresses": the exchange's list of reserves, which a visitor opens from a file, searched and shown page by page. */
import { formatAmount } from '../amount.ts';
import type { Coin } from '../coins.ts';
import { fill, messages, sentence } from '../messages/index.ts';
import { ListReplaced, type Outcome, type Reserve, type Reserves, ReservesUnloaded, sampleOf, searchReserves } from '../reserves.ts';
import { type Child, element } from './element.ts';
import { foreign } from './foreign.ts';
import { icon } from './icon.ts';
import { quietButton } from './save.ts';

const text = messages.look.addresses;

/** Rows on a page of the table. */
const PAGE = 25;

/** Signatures that are judged at a time: some tenth of a second of the worker. */
const SIGNATURES = 25;

/** Signatures of a sample: of an exchange that left out one in twenty, it finds one nine times in ten. */
const SAMPLE = 50;

/** What networks are called; any other one has its CAIP-2 id. */
const NETWORKS: Readonly<Record<string, string>> = {
  'bip122:000000000019d6689c085ae165831e93': 'Bitcoin',
  'bip122:12a765e31ffd4059bada1e25190f6e98': 'Litecoin',
  'eip155:1': 'Ethereum',
  'eip155:10': 'Optimism',
  'eip155:56': 'BNB Smart Chain',
  'eip155:137': 'Polygon',
  'eip155:8453': 'Base',
  'eip155:42161': 'Arbitrum One',
  'eip155:43114': 'Avalanche C-Chain',
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'Solana',
  'tron:0x2b6653dc': 'TRON',
  'xrpl:0': 'XRP Ledger',
};

/** The tab, and how a file that was dropped anywhere gets into it. */
export interface AddressesView {
  readonly root: HTMLElement;
  readonly take: (list: File) => void;
}

export function addressesView(open: (list: File) => Promise<Reserves>): AddressesView {
  const place = element('div', { class: 'stack' });
  const refusal = element('p', { class: 'refusal', role: 'alert' });
  const input = element('input', { type: 'file', id: 'reserves-file', 'aria-label': text.choose, autocomplete: 'off' });
  let latest = 0;
  const take = (list: File): void => {
    const turn = ++latest;
    place.replaceChildren(element('p', { role: 'status' }, text.opening));
    refusal.replaceChildren();
    open(list).then(
      (reserves) => {
        if (turn === latest) {
          refusal.replaceChildren(...(reserves.bound ? [] : [text.other]));
          place.replaceChildren(...listView(reserves));
        }
      },
      (error: unknown) => {
        if (turn === latest) {
          refusal.replaceChildren(error instanceof ReservesUnloaded ? text.unloaded : text.refused);
          place.replaceChildren();
        }
      },
    );
  };
  input.addEventListener('change', () => {
    const list = input.files?.[0];
    input.value = '';
    if (list !== undefined) {
      take(list);
    }
  });
  const button = element('span', { class: 'button', 'aria-hidden': 'true' }, text.choose);
  const root = element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.absent),
    element('p', {}, element('label', { class: 'file-button', for: 'reserves-file' }, input, button)),
    refusal,
    place,
  );
  return { root, take };
}

function listView({ rows, coins, bound, ownership }: Reserves): HTMLElement[] {
  let found = rows;
  let searches = 0;
  const outcomes = new Map<Reserve, Outcome>();
  // A column for what most exchanges do not say is there where one does.
  const told = rows.some(({ holding, encumbered }) => holding !== null || encumbered !== null);
  // How far it is stands in words beside the one that is read out, which changes once: at the end.
  const far = element('p', { class: 'range' });
  const signatures = element('p', { class: 'signatures', role: 'status' });
  const all = quietButton('signatures-all', sentence(text.all, { count: number(rows.length) }), () => void judge(rows.keys()));
  all.hidden = true;
  let first = 0;
  const body = element('tbody');
  const range = element('p', { class: 'range', role: 'status' });
  const previous = quietButton('reserves-previous', text.previous, () => turn(-PAGE));
  const next = quietButton('reserves-next', text.next, () => turn(PAGE));
  const search = element('input', { type: 'search', id: 'reserves-search', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  search.addEventListener('input', () => void find());
  show();
  if (bound) {
    void judge(sampleOf(rows.length, SAMPLE));
  }
  const heads = [`${text.network}, ${text.address}`, text.asset, text.amount, text.class, text.signature, ...(told ? [text.held] : [])];
  return [
    ...(bound ? [element('p', { class: 'bound' }, text.found), signatures, far, element('p', {}, all)] : []),
    element('label', { for: 'reserves-search' }, text.search),
    search,
    range,
    element(
      'div',
      { class: 'wide', tabindex: '0', role: 'region', 'aria-label': text.tab },
      element('table', {}, element('thead', {}, element('tr', {}, ...heads.map((name) => element('th', { scope: 'col', class: name === text.amount ? 'number' : '' }, name)))), body),
    ),
    element('div', { class: 'buttons' }, previous, next),
  ];

  async function find(): Promise<void> {
    const turn = ++searches;
    const nameOf = ({ instance, network }: Reserve): string => `${coins.get(instance)?.asset ?? ''} ${networkName(network)}`;
    const matches = await searchReserves(rows, search.value, nameOf, () => turn === searches && body.isConnected);
    if (matches !== null && turn === searches) {
      found = matches;
      first = 0;
      show();
    }
  }

  /** The signatures of the rows at `places`, runs of neighbours at a time, until the table is no longer on the page. */
  async function judge(places: Iterable<number>): Promise<void> {
    // Hidden, it would lose the keyboard.
    const had = document.activeElement === all;
    all.hidden = true;
    if (had) {
      search.focus();
    }
    for (const [from, count] of runsOf(places, outcomes.size === 0 ? null : (at) => outcomes.has(rows[at]!))) {
      try {
        (await ownership(from, count)).forEach((outcome, at) => outcomes.set(rows[from + at]!, outcome));
      } catch (error) {
        // What was not judged stays "not checked yet"; nothing is summed up.
        signatures.replaceChildren(error instanceof ListReplaced ? '' : messages.included.broken.word);
        far.replaceChildren();
        return;
      }
      if (!body.isConnected) {
        return;
      }
      far.replaceChildren(sentence(text.judging, { done: number(outcomes.size), count: number(rows.length) }));
      refresh();
    }
    far.replaceChildren();
    all.hidden = outcomes.size === rows.length;
    const judged = [...outcomes.values()];
    const count = (wanted: Outcome): string => number(judged.filter((outcome) => outcome === wanted).length);
    const told = { all: number(rows.length), count: number(judged.length), proven: count('proven'), undecided: count('undecided'), failed: count('not-proven') };
    signatures.replaceChildren(...(judged.length === rows.length ? [] : [sentence(text.sampled, told), ' ']), sentence(text.tally, told));
  }

  function turn(by: number): void {
    first += by;
    show();
    // A button that cannot be pressed any more would lose the keyboard.
    const [pressed, other] = by < 0 ? [previous, next] : [next, previous];
    if (pressed.disabled && !other.disabled) {
      other.focus();
    }
  }

  /** Writes the outcomes that have come into the rows that are shown. */
  function refresh(): void {
    found.slice(first, first + PAGE).forEach((row, at) => {
      body.rows[at]?.cells[4]?.replaceChildren(...outcomeWords(outcomes.get(row)));
    });
  }

  function show(): void {
    const page = found.slice(first, first + PAGE);
    body.replaceChildren(...page.map((row) => rowOf(row, coins.get(row.instance), outcomes.get(row), told)));
    range.replaceChildren(
      page.length === 0
        ? text.nothing
        : sentence(text.range, { first: number(first + 1), last: number(first + page.length), count: number(found.length) }),
    );
    previous.disabled = first === 0;
    next.disabled = first + PAGE >= found.length;
  }
}

/** Neighbours together, so that a worker is asked as seldom as may be; `known` are left out. */
function* runsOf(places: Iterable<number>, known: ((at: number) => boolean) | null): Generator<readonly [number, number]> {
  let [from, count] = [0, 0];
  for (const at of places) {
    if (known?.(at) === true) {
      continue;
    }
    if (count > 0 && at === from + count && count < SIGNATURES) {
      count += 1;
      continue;
    }
    if (count > 0) {
      yield [from, count];
    }
    [from, count] = [at, 1];
  }
  if (count > 0) {
    yield [from, count];
  }
}

function number(value: number): string {
  return new Intl.NumberFormat(messages.tag).format(BigInt(value));
}

function networkName(network: string): string {
  return Object.hasOwn(NETWORKS, network) ? (NETWORKS[network] ?? network) : network;
}

function rowOf(row: Reserve, coin: Coin | undefined, outcome: Outcome | undefined, told: boolean): HTMLElement {
  const { network, address, instance, amount, evidence } = row;
  return element(
    'tr',
    {},
    element('td', {}, foreign(networkName(network), 'foreign network'), foreign(address, 'foreign code')),
    element('td', {}, coinView(instance, coin)),
    element('td', { class: 'number' }, quantity(amount, coin)),
    element('td', {}, foreign(evidence.replaceAll('_', ' '))),
    element('td', { class: 'outcome' }, ...outcomeWords(outcome)),
    told ? element('td', {}, ...heldWords(row, coin)) : null,
  );
}

/** By the name of its asset, and in full for whoever opens it; without a name, in full. */
function coinView(instance: string, coin: Coin | undefined): HTMLElement {
  const full = foreign(instance, 'foreign code');
  return coin === undefined ? full : element('details', { class: 'coin' }, element('summary', {}, foreign(coin.asset, 'foreign asset-id')), full);
}

/** In units of the coin, where the statement's books say how many decimals it has. */
function quantity(amount: string, coin: Coin | undefined): HTMLElement {
  const figure = element('span', { class: 'amount' }, formatAmount(amount, coin?.decimals ?? 0, messages.tag));
  return coin === undefined ? element('span', {}, ...fill<Child>(text.smallest, { amount: figure })) : figure;
}

/** How the exchange says that it holds a reserve, part by part. */
function heldWords({ encumbered, holding }: Reserve, coin: Coin | undefined): HTMLElement[] {
  const part = (template: string, value: HTMLElement): HTMLElement => element('span', { class: 'part' }, ...fill<Child>(template, { value }));
  const figures: [string, string | null][] = [
    [text.staked, holding?.staked ?? null],
    [text.encumbered, encumbered],
    [text.lent, holding?.lent ?? null],
  ];
  const { custody = null, custodian = null } = holding ?? {};
  return [
    ...(custody === null ? [] : [element('span', { class: 'part' }, text.custody[custody])]),
    ...(custodian === null ? [] : [part(text.custodian, foreign(custodian, 'foreign code'))]),
    ...figures.flatMap(([template, value]) => (value === null ? [] : [part(template, quantity(value, coin))])),
  ];
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
