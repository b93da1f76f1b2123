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
  check(17, 'book-listed', 'The attestation lists this book, with this root and this total.', book),
  check(18, 'amount-rounded', 'The amount counted is the exact balance, rounded up.', book),
  check(19, 'leaf-included', "The account's leaf, with this amount, is in the tree under the published root.", book, {
    leaf_index: index,
  }),
  check(
    20,
    'siblings-non-negative',
    'No amount in the tiles that were looked at is negative, so nothing can be subtracted from the total.',
    book,
    { range_proofs: '3' },
  ),
  check(21, 'total-proven', 'The published total, or the bound on it, belongs to this root.', book),
  check(22, 'covered', 'The reserves of this asset are at least its liabilities.', book),
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

/** An account in three books, one sealed and rounded up, one not covered; it is included in all of them. */
export function verified(): JsonObject {
  const report: JsonObject = {
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
    log: {
      origin: 'example.com/por',
      size: 13,
      root: '3f0f5d1f6ee4b2f3c1f6c1a1f4f2c9d68bb7d26f6b1a86d3e14c1c1df5b6f2f4',
      index: 12,
      time: 1793491200,
      witnesses: ['north', 'south'],
    },
    checks: [
      check(1, 'well-formed', 'Every file has the form that this version of the format requires.', null, { bytes: '41213' }),
      check(2, 'attestation-signed', "The attestation is signed by the exchange's log key that the policy names.", null, {
        log_key: 'example.com/por+7f2c1d09',
      }),
      check(3, 'attestation-approved', 'The roles that the policy names have approved the attestation.'),
      check(4, 'attestation-logged', "The attestation is in the exchange's log, under a head that the log key signed.", null, {
        log_index: '12',
        log_size: '13',
      }),
      check(5, 'witnesses-cosigned', 'As many witnesses have cosigned that head of the log as the policy asks for.', null, {
        cosigned_by: 'north, south',
        head_time: '1793491200',
      }),
      check(7, 'statement-signed', 'The exchange signed this statement, for this attestation.'),
      ...bookChecks('BTC/owed', '1733'),
      ...bookChecks('ETH/owed', '90'),
      ...bookChecks('USDT/owed', '412'),
    ],
    books: [
      book({
        asset: 'BTC',
        name: 'Bitcoin',
        index: 1733,
        exact: '124500001',
        amount: '124500001',
        total: { kind: 'public', amount: '181203440012345' },
        reserves: [{ class: 'D', evidence: 'signed_reading', amount: '190000000000000', encumbered: null }],
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
          { class: 'B', evidence: 'utxo_set', amount: '2100000000000000', encumbered: null },
          { class: 'D', evidence: 'signed_reading', amount: '700000000000000', encumbered: null },
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
        reserves: [{ class: 'D', evidence: 'signed_reading', amount: '11200000000000000', encumbered: null }],
        covered: 'not_covered',
      }),
    ],
    not_proven: [
      { id: 'other-customers', text: 'That every other customer is counted: each can only check the own account.' },
      { id: 'other-debts', text: 'That the exchange has no other debts, such as loans, bonds or claims outside these books.' },
      { id: 'borrowed-coins', text: "That the coins shown are the exchange's own: they may be borrowed or pledged." },
      { id: 'fiat', text: 'Anything about money in banks: only coins on public chains are compared.' },
      { id: 'after-the-snapshot', text: 'Anything after the snapshot: coins can move within the hour.' },
    ],
  };
  const detail = 'coverage does not match: reserves of 11200000000000000 atoms, 11950000000000000 required';
  end(report, 'covered', 'USDT/owed', 'failed', 'mismatch', detail);
  return report;
}

/** The path of one book leads to another root. */
export function notVerified(): JsonObject {
  const report = verified();
  report['included'] = 'not_verified';
  end(report, 'leaf-included', 'ETH/owed', 'failed', 'tile-hash', 'tile 1/5 does not hash to the entry above it');
  end(report, 'siblings-non-negative', 'ETH/owed', 'cannot_tell', 'missing', 'a path that leads to the root is missing');
  change(report, 'ETH', { included: 'not_verified' });
  return report;
}

/** No policy was brought along: nothing is authentic, nothing is false. */
export function cannotTell(): JsonObject {
  const report = verified();
  report['included'] = 'cannot_tell';
  report['log'] = null;
  end(report, 'attestation-signed', null, 'cannot_tell', 'missing', 'policy is missing');
  end(report, 'attestation-approved', null, 'cannot_tell', 'missing', 'a usable policy is missing');
  end(report, 'attestation-logged', null, 'cannot_tell', 'missing', 'a usable policy is missing');
  end(report, 'witnesses-cosigned', null, 'cannot_tell', 'missing', 'a usable policy is missing');
  for (const asset of ['BTC', 'ETH', 'USDT']) {
    end(report, 'covered', `${asset}/owed`, 'cannot_tell', 'missing', 'an authentic and proven total is missing');
    change(report, asset, { covered: 'cannot_tell', class: null });
  }
  return report;
}

/** The file is no statement at all. */
export function unreadable(): JsonObject {
  const report = verified();
  report['included'] = 'not_verified';
  report['statement'] = null;
  report['log'] = null;
  report['books'] = [];
  report['checks'] = (report['checks'] as JsonObject[]).slice(0, 1);
  end(report, 'well-formed', null, 'failed', 'malformed', 'statement is not valid: it does not begin with `por/statement/v1`');
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
  end(report, 'leaf-included', 'BTC/owed', 'failed', 'malformed', `${markup}\u001b[31m`);
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
