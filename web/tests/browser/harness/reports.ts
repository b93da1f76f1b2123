/** Reports as the verifier writes them, for tests of what the page makes of them. */

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };

const check = (step: number, id: string, claim: string, book: string | null = null, facts: JsonObject = {}): JsonObject => ({
  step,
  id,
  claim,
  book,
  outcome: 'passed',
  reason: null,
  detail: null,
  facts,
});

const bookChecks = (book: string, index: string): JsonObject[] => [
  check(6, 'row-bound', 'This book is one of the books that the attestation names.', book),
  check(7, 'opening', 'The leaf holds this account with this amount.', book, { leaf_index: index }),
  check(8, 'path', 'The leaf leads, tile by tile, to the root that the exchange has signed.', book, { tiles: '3' }),
  check(9, 'ranges', 'No balance beside the path is negative.', book, { proofs: '3', values: '48' }),
  check(10, 'total', 'The published total is the sum of all balances in the book.', book),
];

const book = (fields: JsonObject): JsonObject => ({
  kind: 'owed',
  decimals: 8,
  ledger_decimals: 8,
  leaf_count: 2048,
  included: 'verified',
  covered: 'covered',
  class: 'D',
  ...fields,
});

/** An account in three books, one of them sealed and one rounded up; every check passed. */
export function verified(): JsonObject {
  return {
    format: 'por/report/v1',
    included: 'verified',
    statement: {
      entity: 'Example Exchange',
      log_origin: 'example.com/por',
      period: '2026-10',
      sequence: 12,
      snapshot_time: 1793404800,
      account: 'maria.keller@example.com',
      attestation: '6b1f0c9d3be2a7c64c1c1df5b6f2f4c0a1b9f0d6c2c1de0a97b1ff2a4f86d3e1',
    },
    checks: [
      check(1, 'well-formed', 'The file is a complete statement.', null, { size: '41213' }),
      check(2, 'attestation-signed', 'The attestation is signed by the log key that the policy trusts.', null, {
        key: 'example.com/por+7f2c1d09',
      }),
      check(3, 'statement-signed', 'The statement is signed by the key that the attestation names.'),
      check(4, 'account-valid', 'The account name has no hidden or look-alike control characters.'),
      check(5, 'books-complete', 'The exchange states that this account has no other balance.'),
      ...bookChecks('BTC/owed', '1733'),
      ...bookChecks('ETH/owed', '90'),
      ...bookChecks('USDT/owed', '412'),
      check(11, 'ownership', 'Each reserve address has signed the dated challenge.', 'BTC/owed', { addresses: '14' }),
    ],
    books: [
      book({
        asset: 'BTC',
        name: 'Bitcoin',
        index: 1733,
        exact: '124500001',
        amount: '124500001',
        total: { kind: 'public', amount: '181203440012345' },
        reserves: [{ class: 'D', amount: '190000000000000' }],
      }),
      book({
        asset: 'ETH',
        name: 'Ether',
        ledger_decimals: 18,
        index: 90,
        exact: '17250000000000000001',
        amount: '1725000001',
        total: { kind: 'sealed', bound: '2500000000000000' },
        reserves: [
          { class: 'B', amount: '2100000000000000' },
          { class: 'D', amount: '700000000000000' },
        ],
      }),
      book({
        asset: 'USDT',
        name: 'Tether USD',
        decimals: 6,
        ledger_decimals: 6,
        index: 412,
        exact: '9007199254740993',
        amount: '9007199254740993',
        total: { kind: 'public', amount: '11950000000000000' },
        reserves: [{ class: 'D', amount: '11200000000000000' }],
        covered: 'not_covered',
      }),
    ],
    not_proven: [
      { id: 'other-debts', text: 'That the exchange has no other debts, such as loans or unpaid bills.' },
      { id: 'borrowed', text: 'That the reserves are not borrowed or pledged to someone else.' },
      { id: 'fiat', text: 'Anything about money in bank accounts.' },
      { id: 'later', text: 'Anything about the time after the snapshot.' },
      { id: 'unchecked', text: 'Anything about customers who do not check their own statement.' },
    ],
  };
}

/** The path of one book leads to another root. */
export function notVerified(): JsonObject {
  const report = verified();
  report['included'] = 'not_verified';
  end(report, 'path', 'ETH/owed', 'failed', 'root-mismatch', 'tile 2 of the path does not hash to the entry in its parent');
  end(report, 'total', 'ETH/owed', 'cannot_tell', 'not-reached', 'the path did not lead to the root');
  change(report, 'ETH', { included: 'not_verified', covered: 'cannot_tell', class: null });
  return report;
}

/** No policy was brought along: nothing is authentic, nothing is false. */
export function cannotTell(): JsonObject {
  const report = verified();
  report['included'] = 'cannot_tell';
  end(report, 'attestation-signed', null, 'cannot_tell', 'no-policy', 'no policy was given, so no signature can be judged');
  for (const asset of ['BTC', 'ETH', 'USDT']) {
    change(report, asset, { included: 'cannot_tell', covered: 'cannot_tell', class: null });
  }
  return report;
}

/** The file is no statement at all. */
export function unreadable(): JsonObject {
  const report = verified();
  report['included'] = 'not_verified';
  report['statement'] = null;
  report['books'] = [];
  report['checks'] = [
    { ...check(1, 'well-formed', 'The file is a complete statement.'), outcome: 'failed', reason: 'bad-magic', detail: 'the file does not begin as a statement does' },
  ];
  return report;
}

/** Names that try to be markup, to reorder the line, and to break the layout. */
export function hostileNames(): JsonObject {
  const report = verified();
  const markup = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  const statement = report['statement'] as JsonObject;
  statement['account'] = `${markup}\u202Etxt.exe`;
  statement['entity'] = `${markup}=HYPERLINK("http://example.com")`;
  statement['period'] = 'x'.repeat(400);
  change(report, 'BTC', { name: `${markup}${'W'.repeat(300)}` });
  end(report, 'path', 'BTC/owed', 'failed', 'root-mismatch', `${markup}\u001b[31m`);
  report['included'] = 'not_verified';
  return report;
}

function end(report: JsonObject, id: string, bookId: string | null, outcome: string, reason: string, detail: string): void {
  const found = (report['checks'] as JsonObject[]).find((item) => item['id'] === id && item['book'] === bookId);
  Object.assign(found ?? {}, { outcome, reason, detail });
}

function change(report: JsonObject, asset: string, fields: JsonObject): void {
  Object.assign((report['books'] as JsonObject[]).find((item) => item['asset'] === asset) ?? {}, fields);
}
