/**
 * The Report of `por-protocol`, field by field as `protocol/src/report/` writes it, and its strict reading.
 *
 * Whatever comes back from the worker is untrusted until it has this shape to the last field: an unknown field, a
 * missing one, or a verdict that contradicts its own books is a broken check and never a verdict (W-09).
 */
import { asAmount, asInteger, asOneOf, asText, Fields, MalformedReport } from './fields.ts';
import { parseJson } from './json.ts';

export const REPORT_FORMAT = 'por/report/v1';

const INCLUDED = ['verified', 'not_verified', 'cannot_tell'] as const;
const COVERED = ['covered', 'not_covered', 'cannot_tell'] as const;
const OUTCOMES = ['passed', 'failed', 'cannot_tell'] as const;
const CLASSES = ['A', 'A, block unconfirmed', 'B', 'C', 'D'] as const;

/** Identifier of the one check that is about the verdict *Covered?*. */
export const COVERAGE = 'covered';

export type Included = (typeof INCLUDED)[number];
export type Covered = (typeof COVERED)[number];
export type Outcome = (typeof OUTCOMES)[number];
export type EvidenceClass = (typeof CLASSES)[number];

export interface Check {
  readonly step: number;
  readonly id: string;
  readonly claim: string;
  readonly book: string | null;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly facts: ReadonlyArray<readonly [string, string]>;
}

export interface StatementFacts {
  readonly entity: string;
  readonly logOrigin: string;
  readonly period: string;
  readonly sequence: bigint;
  readonly snapshotTime: bigint;
  readonly account: string;
  readonly attestation: string;
}

/** The log head that the result rests on; its signatures were checked. */
export interface LogFacts {
  readonly origin: string;
  readonly size: bigint;
  readonly root: string;
  readonly index: bigint;
  /** When the head was current by its witnesses, in Unix seconds; null where the policy asks for none. */
  readonly time: bigint | null;
  readonly witnesses: readonly string[];
}

export interface ReserveFacts {
  readonly class: EvidenceClass;
  readonly evidence: string;
  readonly amount: string;
  readonly encumbered: string | null;
}

export type TotalFacts =
  | { readonly kind: 'public'; readonly amount: string }
  | { readonly kind: 'sealed'; readonly bound: string };

export interface BookFacts {
  readonly asset: string;
  readonly name: string;
  readonly kind: string;
  readonly decimals: number;
  readonly ledgerDecimals: number;
  readonly leafCount: bigint;
  readonly index: bigint | null;
  readonly exact: string | null;
  readonly amount: string | null;
  readonly included: Included;
  readonly total: TotalFacts;
  readonly reserves: readonly ReserveFacts[];
  readonly covered: Covered;
  readonly class: EvidenceClass | null;
}

export interface NotProven {
  readonly id: string;
  readonly text: string;
}

export interface Report {
  readonly included: Included;
  readonly statement: StatementFacts | null;
  readonly log: LogFacts | null;
  readonly checks: readonly Check[];
  readonly books: readonly BookFacts[];
  readonly notProven: readonly NotProven[];
}

/** Reads the JSON that the verifier wrote. Throws `MalformedReport` on anything else. */
export function parseReport(text: string): Report {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new MalformedReport('not JSON');
  }
  const report = readReport(new Fields('report', value));
  refuseContradictions(report);
  return report;
}

/** Reads the JSON of one check, as it is told of while the verifier works. Throws `MalformedReport` on anything else. */
export function parseCheck(text: unknown): Check {
  let value: unknown;
  try {
    value = parseJson(asText(text, 'check'));
  } catch {
    throw new MalformedReport('check: not JSON');
  }
  return readCheck(new Fields('check', value));
}

/** A success that its own parts do not carry is no success. */
function refuseContradictions(report: Report): void {
  if (report.included !== 'verified') {
    return;
  }
  if (report.statement === null) {
    throw new MalformedReport('verified without a statement');
  }
  if (report.log === null) {
    throw new MalformedReport('verified without a log');
  }
  // Coverage is the other verdict; every check but that one must have passed (`Checks::included` in report.rs).
  const needed = report.checks.filter((check) => check.id !== COVERAGE);
  const open = needed.find((check) => check.outcome !== 'passed');
  if (needed.length === 0 || open !== undefined) {
    throw new MalformedReport(`verified, but ${open === undefined ? 'nothing was checked' : `${open.id} did not pass`}`);
  }
  for (const book of report.books) {
    if (book.included !== 'verified' || book.exact === null || book.amount === null) {
      throw new MalformedReport(`verified, but book ${book.asset}/${book.kind} is not`);
    }
  }
}

function readReport(fields: Fields): Report {
  const format = fields.text('format');
  if (format !== REPORT_FORMAT) {
    throw new MalformedReport(`format ${format}`);
  }
  const statement = fields.nullable('statement', (value, path) => readStatement(new Fields(path, value)));
  if (statement === null) {
    // Of an audit alone, whose attestation the page knows from the log.
    fields.leaveOut('attestation');
  }
  return fields.done({
    included: fields.oneOf('included', INCLUDED),
    statement,
    log: fields.nullable('log', (value, path) => readLog(new Fields(path, value))),
    checks: fields.list('checks', readCheck),
    books: fields.list('books', readBook),
    notProven: fields.list('not_proven', (item) => item.done({ id: item.text('id'), text: item.text('text') })),
  });
}

function readLog(fields: Fields): LogFacts {
  return fields.done({
    origin: fields.text('origin'),
    size: fields.integer('size'),
    root: fields.text('root'),
    index: fields.integer('index'),
    time: fields.nullable('time', asInteger),
    witnesses: fields.texts('witnesses'),
  });
}

function readStatement(fields: Fields): StatementFacts {
  return fields.done({
    entity: fields.text('entity'),
    logOrigin: fields.text('log_origin'),
    period: fields.text('period'),
    sequence: fields.integer('sequence'),
    snapshotTime: fields.integer('snapshot_time'),
    account: fields.text('account'),
    attestation: fields.text('attestation'),
  });
}

function readCheck(fields: Fields): Check {
  return fields.done({
    step: fields.byte('step'),
    id: fields.text('id'),
    claim: fields.text('claim'),
    book: fields.nullable('book', asText),
    outcome: fields.oneOf('outcome', OUTCOMES),
    reason: fields.nullable('reason', asText),
    detail: fields.nullable('detail', asText),
    facts: fields.textMap('facts'),
  });
}

function readBook(fields: Fields): BookFacts {
  return fields.done({
    asset: fields.text('asset'),
    name: fields.text('name'),
    kind: fields.text('kind'),
    decimals: fields.byte('decimals'),
    ledgerDecimals: fields.byte('ledger_decimals'),
    leafCount: fields.integer('leaf_count'),
    index: fields.nullable('index', asInteger),
    exact: fields.nullable('exact', asAmount),
    amount: fields.nullable('amount', asAmount),
    included: fields.oneOf('included', INCLUDED),
    total: readTotal(fields.object('total')),
    reserves: fields.list('reserves', (item) =>
      item.done({
        class: item.oneOf('class', CLASSES),
        evidence: item.text('evidence'),
        amount: item.amount('amount'),
        encumbered: item.nullable('encumbered', asAmount),
      }),
    ),
    covered: fields.oneOf('covered', COVERED),
    class: fields.nullable('class', (value, path) => asOneOf(value, path, CLASSES)),
  });
}

function readTotal(fields: Fields): TotalFacts {
  const kind = fields.oneOf('kind', ['public', 'sealed']);
  return kind === 'public'
    ? fields.done({ kind, amount: fields.amount('amount') })
    : fields.done({ kind, bound: fields.amount('bound') });
}
