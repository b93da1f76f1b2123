/** What exactly was checked: who, when, which entry of which log, to compare with what others see. */
import { formatInstant } from '../instant.ts';
import { fill, messages } from '../messages/index.ts';
import type { Report } from '../report.ts';
import { type Child, element, pair, section } from './element.ts';
import { foreign } from './foreign.ts';

const text = messages.identity;

export function identityView(report: Report, fileName: string): HTMLElement {
  const { statement, books, included } = report;
  const facts =
    statement === null
      ? []
      : [
          pair(text.entity, foreign(statement.entity)),
          pair(text.snapshot, formatInstant(statement.snapshotTime, messages.language)),
          pair(text.period, foreign(statement.period)),
          pair(text.sequence, statement.sequence.toString()),
          pair(text.logOrigin, foreign(statement.logOrigin, 'foreign code')),
          pair(text.attestation, foreign(statement.attestation, 'foreign code')),
        ];
  const leaves = books.flatMap((book) => {
    if (book.index === null) {
      return [];
    }
    const leaf = fill<Child>(text.leaf, { index: count(book.index), count: count(book.leafCount) });
    const title = fill<Child>(text.leaves, { book: foreign(`${book.asset}/${book.kind}`) });
    return [pair(element('span', {}, ...title), ...leaf)];
  });
  return section(
    'identity',
    text.title,
    statement === null || included === 'verified' ? null : element('p', { class: 'claimed' }, text.claimed),
    element('dl', {}, ...facts, ...leaves, pair(text.file, foreign(fileName))),
  );
}

function count(value: bigint): string {
  return new Intl.NumberFormat(messages.language).format(value);
}
