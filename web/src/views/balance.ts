/** "Is this your balance?": the one thing that mathematics cannot see and only the customer can answer. */
import { formatAmount, sameQuantity } from '../amount.ts';
import { formatInstant } from '../instant.ts';
import { fill, messages } from '../messages/index.ts';
import type { BookFacts, Report } from '../report.ts';
import { type Child, element, section, sentences } from './element.ts';
import { foreign } from './foreign.ts';

const text = messages.balance;

/** Characters of a name above which it is set smaller, so that the figures stay near it. */
const LONG_NAME = 40;

export function balanceView(report: Report): HTMLElement | null {
  const { statement, books, included } = report;
  if (statement === null) {
    return null;
  }
  const time = formatInstant(statement.snapshotTime, messages.tag);
  const held = books.filter((book) => book.exact !== null);
  return section(
    'balance',
    text.title,
    included === 'verified' ? null : element('p', { class: 'claimed' }, text.claimed),
    element(
      'p',
      { class: 'account' },
      element('span', { class: 'label' }, text.account),
      foreign(statement.account, `foreign account-name${statement.account.length > LONG_NAME ? ' long' : ''}`),
    ),
    held.length === 0
      ? element('p', {}, text.none)
      : element('ul', { class: 'figures', 'aria-label': text.figure }, ...held.map(figure)),
    element(
      'div',
      { class: 'question' },
      element('p', {}, text.question),
      sentences(
        'ul',
        text.wrong.map((item) => fill<Child>(item, { time })),
      ),
    ),
  );
}

function figure(book: BookFacts): HTMLElement {
  const exact = book.exact ?? '0';
  return element(
    'li',
    { class: 'figure' },
    element(
      'span',
      { class: 'asset' },
      foreign(book.asset, 'foreign asset-id'),
      ' ',
      book.name === book.asset ? null : foreign(book.name, 'foreign asset-name'),
    ),
    element(
      'span',
      { class: 'amounts' },
      element('span', { class: 'amount' }, formatAmount(exact, book.ledgerDecimals, messages.tag)),
      rounded(book, exact),
    ),
  );
}

/** The figure in the tree, where rounding to atoms made it another one. */
function rounded(book: BookFacts, exact: string): HTMLElement | null {
  if (book.amount === null || sameQuantity(exact, book.ledgerDecimals, book.amount, book.decimals)) {
    return null;
  }
  const counted = fill<Child>(text.counted, {
    amount: formatAmount(book.amount, book.decimals, messages.tag),
    asset: foreign(book.asset),
    decimals: String(book.decimals),
  });
  return element('span', { class: 'rounded' }, ...counted);
}
