/** What exactly was checked: who, when, which entry of which log, to compare with what others see. */
import { formatInstant, formatPeriod } from '../instant.ts';
import { fill, messages } from '../messages/index.ts';
import type { LogFacts, Report } from '../report.ts';
import { type Child, element, pair, section } from './element.ts';
import { foreign } from './foreign.ts';

const text = messages.identity;

export function identityView(report: Report, fileName: string): HTMLElement {
  const { statement, log, books, included } = report;
  const facts =
    statement === null
      ? []
      : [
          pair(text.entity, foreign(statement.entity)),
          pair(text.snapshot, formatInstant(statement.snapshotTime, messages.tag)),
          pair(text.period, foreign(periodWords(statement.period))),
          pair(text.sequence, statement.sequence.toString()),
          pair(text.logOrigin, foreign(statement.logOrigin, 'foreign code')),
          pair(text.attestation, foreign(statement.attestation, 'foreign code')),
        ];
  const head = log === null ? [] : logFacts(log);
  const leaves = books.flatMap((book) => {
    if (book.index === null) {
      return [];
    }
    const leaf = fill<Child>(text.leaf, { place: count(book.index + 1n), index: count(book.index), count: count(book.leafCount) });
    const title = fill<Child>(text.leaves, { book: foreign(`${book.asset}/${book.kind}`) });
    return [pair(element('span', {}, ...title), ...leaf)];
  });
  return section(
    'identity',
    text.title,
    statement === null || included === 'verified' ? null : element('p', { class: 'claimed' }, text.claimed),
    element('dl', {}, ...facts, ...head, ...leaves, pair(text.file, foreign(fileName))),
  );
}

/** A month in words, and as it stands in the attestation. */
function periodWords(period: string): string {
  const words = formatPeriod(period, messages.tag);
  return words === period ? period : `${words} (${period})`;
}

/** Where the attestation stands in the log, and until when the answer has seen it. */
function logFacts(log: LogFacts): HTMLElement[] {
  const entry = fill<Child>(text.logEntry, { index: count(log.index), size: count(log.size) });
  const time = log.time === null ? text.headTimeNone : formatInstant(log.time, messages.tag);
  return [
    pair(text.log, ...entry),
    pair(text.headTime, time),
    ...(log.witnesses.length === 0 ? [] : [pair(text.witnesses, foreign(new Intl.ListFormat(messages.tag).format(log.witnesses)))]),
    pair(text.logRoot, foreign(log.root, 'foreign code')),
  ];
}

function count(value: bigint): string {
  return new Intl.NumberFormat(messages.tag).format(value);
}
