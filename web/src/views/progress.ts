/**
 * The checks as they are made, one by one. Nothing here is a verdict: no mark has the colour of one, and the report alone
 * says what the checks come to.
 */
import { byId, messages, sentence } from '../messages/index.ts';
import type { Check } from '../report.ts';
import { element } from './element.ts';
import { foreign, visible } from './foreign.ts';
import { icon } from './icon.ts';

/** Of every statement: the steps before those of a book, and those of each book (SPEC §9). */
const GENERAL = 7;
const OF_BOOK = 6;
/** Checks that are drawn in one turn; a statement of hundreds of books has thousands. */
const AT_A_TIME = 40;

/** The checks that were made so far, and the places where they are shown. */
export class Progress {
  private readonly checks: Check[] = [];
  private readonly withAccount: boolean;
  private view: { readonly bar: HTMLProgressElement; readonly words: HTMLElement; readonly list: HTMLElement } | undefined;
  private drawn = 0;
  private waiting = false;

  constructor(withAccount: boolean) {
    this.withAccount = withAccount;
  }

  add(check: Check): void {
    this.checks.push(check);
    this.drawSoon();
  }

  /** A new place for all that was made, and for what comes. */
  show(): HTMLElement {
    const bar = element('progress', { 'aria-label': messages.checks.title });
    const words = element('p', { class: 'making' });
    const list = element('ol', { class: 'made' });
    this.view = { bar, words, list };
    this.drawn = 0;
    this.drawSoon();
    return element('div', { class: 'progress' }, bar, words, list);
  }

  private drawSoon(): void {
    if (!this.waiting) {
      this.waiting = true;
      setTimeout(() => {
        this.waiting = false;
        this.draw();
      });
    }
  }

  private draw(): void {
    const { view, checks } = this;
    const last = checks.at(-1);
    if (view === undefined || last === undefined) {
      return;
    }
    const all = this.expected();
    const number = (value: number): string => new Intl.NumberFormat(messages.tag).format(value);
    view.words.replaceChildren(sentence(messages.checks.making, { done: number(checks.length), all: number(all), claim: visible(byId(messages.claims, last.id, last.claim)) }));
    view.bar.max = all;
    view.bar.value = checks.length;
    const until = Math.min(checks.length, this.drawn + AT_A_TIME);
    view.list.append(...checks.slice(this.drawn, until).map(lineOf));
    // The list has no bar to scroll it by: the last ones are those that are seen.
    view.list.scrollTop = view.list.scrollHeight;
    this.drawn = until;
    if (until < checks.length && view.list.isConnected) {
      this.drawSoon();
    }
  }

  /** How many checks there will be, by what the first one says of the file; never fewer than there are. */
  private expected(): number {
    const books = this.checks[0]?.facts.find(([name]) => name === 'books')?.[1];
    const all = GENERAL + (this.withAccount ? 1 : 0) + OF_BOOK * Number(books ?? 0);
    return Math.max(all, this.checks.length);
  }
}

function lineOf(check: Check): HTMLElement {
  return element(
    'li',
    { 'data-made': check.id },
    icon(check.outcome),
    element(
      'span',
      {},
      check.book === null ? null : foreign(check.book, 'foreign book'),
      check.book === null ? null : ' ',
      foreign(byId(messages.claims, check.id, check.claim)),
      element('span', { class: 'outcome' }, ' ', messages.checks.outcomes[check.outcome]),
    ),
  );
}
