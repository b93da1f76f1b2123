type ById = Readonly<Record<string, string>>;

/**
 * Every sentence the page says, in English. `{name}` stands for a value that is put in as text.
 *
 * Claims of checks and the list of what is not proven come with the report in English; a catalogue of another language
 * says them by their identifiers, and where it does not know one, the report's own sentence stands.
 */
export const en = {
  tag: 'en-GB',
  direction: 'ltr',

  page: {
    name: 'Statement check',
    title: 'Is my balance counted?',
    lede: 'Your exchange has given you a statement file. This page checks that your balance is part of the total it owes to its customers.',
    privacy: 'The file is checked on this device and is never sent anywhere. Once this page has loaded you may switch the network off.',
    footer: 'This page keeps nothing and sends nothing. For an answer that does not rest on this page, run the same check yourself:',
    command: 'por verify {file} --policy {policy}',
    version: 'Verifier {version}',
    verifierStarting: 'Verifier is starting',
    verifierBroken: 'Verifier could not start',
  },

  drop: {
    title: 'Drop your statement here',
    hint: 'One file, usually ending in .por. You can paste it, too.',
    button: 'Choose a file',
    another: 'Check another file',
    overlay: 'Drop the statement anywhere',
    size: '{size} kB',
    refused: {
      'too-large': 'This file is larger than 50 MB. A statement has at most a few megabytes, so this is another file. It was not read.',
      empty: 'This file is empty. Download your statement again.',
      several: 'These are several files. Please choose one statement at a time.',
      unreadable: 'This could not be read as a file. If it is a folder, choose the statement inside it.',
      text: 'This is text and not a file. Copy the statement file itself, or drop it here.',
    },
  },

  language: {
    label: 'Language',
    remember: 'Remember on this device',
    failed: 'This language could not be loaded. The page stays as it is.',
    english: 'Reasons in technical words are in English.',
  },

  example: {
    title: 'No statement at hand?',
    honest: 'Try an example',
    forged: 'Try a forged example',
    note: 'This is an example: the exchange does not exist, and the file is judged by the example’s own policy.',
    changed: 'In this example one digit of a balance was changed after the exchange had signed it.',
  },

  steps: {
    title: 'What you will see',
    list: [
      'Included? Whether your account is in the books, with the amounts that your statement shows.',
      'Is this your balance? The name and figures, for you to compare with what you see when you sign in.',
      'Covered? Whether the exchange holds at least what it owes, for each asset on its own, and who says so.',
    ],
  },

  included: {
    question: 'Included?',
    waiting: {
      word: 'Not verified yet',
      text: 'Choose a statement file. Nothing counts as verified until every check has run.',
    },
    checking: { word: 'Checking…', text: 'Still not verified. The check runs on this device.' },
    verified: {
      word: 'Verified',
      text: 'This account is in the books of {entity} for {period}, with the amounts below. Now compare the name and the figures yourself: no program can do that for you.',
    },
    not_verified: {
      word: 'Not verified',
      text: 'At least one check is false. Do not take this file as proof that your balance is counted.',
    },
    cannot_tell: {
      word: 'Cannot tell',
      text: 'Nothing was found to be false, but something that the answer needs is missing. This is not a verification.',
    },
    broken: {
      word: 'The check itself broke',
      text: 'This is not a verification, and it says nothing about your statement: the program that checks it has stopped.',
    },
    failures: 'Checked, and false',
    missing: 'Could not be checked',
    reason: 'Reason: {detail}',
    brokenDetail: 'Technical reason: {detail}',
    reload: 'Reload the page',
  },

  advice: {
    title: 'What to do now',
    unreadable: [
      'Download the statement again and drop it here unchanged. Opening and saving it in another program can damage it.',
      'Make sure that it is the statement file itself, not a picture, a PDF or a compressed folder.',
    ],
    unsupported: [
      'This file may have been made for another version of this page. Open the page that your exchange publishes together with its newest attestation.',
    ],
    not_verified: [
      'Download the statement again and check it once more: a damaged download fails too.',
      'If it fails again, keep the file as it is and ask the exchange in writing, naming the check that failed.',
      'If the answer does not settle it, take the file to the regulator. Do not post it in public: it holds your balance.',
    ],
    cannot_tell: [
      'Look below for what could not be checked, and for where to get it.',
      'Try again later, or with the page that your exchange publishes together with its attestation.',
    ],
    noPolicyWhy: 'This copy of the page carries no policy: it does not know whose signatures to trust.',
    noPolicy: [
      'Open the page at the address where your exchange publishes its attestations; that copy carries the policy.',
      'If you were given a policy file by someone you trust, choose it under “For experts” below.',
    ],
    broken: [
      'Reload the page and try again, or try another up-to-date browser.',
      'If it keeps breaking, check the same file with the command line program, and tell the people who publish this page.',
    ],
  },

  balance: {
    title: 'Is this your balance?',
    claimed: 'This is what the file says. It has not been verified.',
    account: 'Account',
    asset: 'Asset',
    figure: 'Balance',
    counted: 'Counted as {amount} {asset}',
    roundedUp: 'rounded up to {decimals} decimals, in your favour',
    none: 'The statement names no balance.',
    question: 'If this name or a figure is wrong, do not accept this:',
    wrong: [
      'The name must be exactly the one you see when you sign in. Another name means that you were shown another account.',
      'Each figure must be what you held at {time}. A figure that is too low means that the exchange counts less than it owes you.',
      'An asset that you held and that is missing here is not counted.',
    ],
    noTime: 'the time of the snapshot',
  },

  coverage: {
    title: 'Covered?',
    lede: 'Each asset stands on its own: more of one never makes up for less of another.',
    words: { covered: 'Covered', not_covered: 'Not covered', cannot_tell: 'Cannot tell' },
    meanings: {
      covered: 'The reserves are at least what is owed to all customers.',
      coveredSealed: 'The reserves are at least the bound, and the sealed total is proven to be no higher than that.',
      not_covered: 'The reserves are less than what is owed to all customers.',
      notCoveredSealed: 'The reserves are less than the bound of the sealed total.',
      cannot_tell: 'The figures are not proven to come from the exchange, or a check they rest on did not pass.',
    },
    total: 'Owed to all customers',
    bound: 'Sealed total, at most',
    reserves: 'Reserves',
    noReserves: 'none named',
    class: 'Class {class}',
    classes: {
      A: 'Proven against a block that the checker has confirmed.',
      'A, block unconfirmed': 'Proven against a block that nobody has confirmed. It is worth no more than class D.',
      B: 'Read again from the chain by the checker’s own node.',
      C: 'Several named nodes agree.',
      D: 'Signed by the exchange only. Nobody else has confirmed that these balances are there.',
    },
  },

  checks: {
    title: 'All checks',
    lede: 'Open a line to look closer.',
    general: 'The statement and its attestation',
    kinds: { owed: 'owed to customers', lent: 'owed by customers' },
    tally: '{passed} of {all} passed',
    outcomes: { passed: 'Passed', failed: 'Failed', cannot_tell: 'Cannot tell' },
    step: 'Step',
    id: 'Check',
    reason: 'Reason',
    detail: 'In words',
    none: 'No check has run.',
  },

  /** Sentences of the report, by identifier; in English the report's own are shown. */
  claims: {} as ById,
  notProven: {} as ById,

  /** What it means when a check is false, by the check's identifier. */
  failures: {
    'well-formed': 'This file is damaged, cut short, or no statement at all.',
    'attestation-signed': 'The attestation in this file does not come from the exchange that the policy names.',
    'attestation-approved': 'Somebody who has to agree to an attestation has not agreed to this one.',
    'attestation-logged': 'This attestation is not in the public log: others may have been shown another one.',
    'witnesses-cosigned': 'Too few independent witnesses have seen this log: it may be one that was made for you alone.',
    'in-order': 'The attestation claims to know balances of a time that has not come, or the clock of this device is wrong.',
    'statement-signed': 'The exchange has not signed these figures for this account: the file was changed, or somebody else made it.',
    'account-expected': 'You were given the statement of another account.',
    'book-listed': 'The book in this file is not one of those that the exchange has attested.',
    'amount-rounded': 'The amount that is counted is not the balance that is shown, rounded up.',
    'leaf-included': 'This balance is not in the published tree: it is not part of what the exchange says it owes.',
    'siblings-non-negative': 'An amount beside yours could be negative, and could make the total look smaller than it is.',
    'total-proven': 'The total that was published is not the sum of this tree.',
    covered: 'The exchange shows less of this asset than it owes.',
  },

  /** Whom to ask about a failed check. */
  whom: {
    title: 'Whom to ask: {who}',
    download: 'nobody yet. Download the statement again first.',
    exchange: 'the exchange, in writing; then its regulator.',
    yourself: 'first look at the account name you gave and at the clock of this device; then ask the exchange.',
  },

  handout: {
    title: 'Keep or hand on',
    receipt: {
      title: 'Receipt',
      what: 'A note for yourself about this check. It holds nothing of your account: no name, no amount, no asset.',
      button: 'Save the receipt',
      heading: 'Receipt of a check of a proof-of-reserves statement',
      proves: 'This receipt proves nothing to anyone else: anybody could have written it. Keep the statement itself.',
      checkedAt: 'Checked at',
      verifier: 'Verifier',
      logSize: 'Entries of the log',
    },
    evidence: {
      title: 'Full evidence',
      what: 'For a regulator or a court: a ZIP file with the signed statement exactly as it was checked, the policy, the report, and how to check it again.',
      warning: 'It shows your account and your balance to whoever reads it. Never post it in public, in a forum or in a support chat.',
      confirm: 'I know who will read it.',
      button: 'Save the evidence',
      readme: [
        'Evidence of a check of a proof-of-reserves statement',
        'PRIVATE: statement.por shows an account and its balance.',
        'statement.por: the signed statement with its opening, byte for byte as it was checked.',
        'policy.txt: the policy that it was judged by. Compare it with one from a source that you trust.',
        'report.json: what the verifier answered.',
        'To check it again:',
      ],
      changed: 'The file has changed since it was checked, or can no longer be read. Choose it again.',
    },
  },

  look: {
    title: 'Look closer',
    unverified: 'Not verified: this is what the file says.',
    path: {
      tab: 'My path',
      lede: 'How your balance leads to what everybody can see: from your leaf up to the root of the book, on to the attestation and to the head of the log. Places are counted from 0.',
      book: 'Book',
      drawing: 'Drawing of the path from your leaf to the head of the log. The table below says the same.',
      table: 'The same path as a table',
      where: 'Where',
      place: 'Place',
      count: 'Of how many',
      leaf: 'Your leaf',
      tile: 'Tile, level {level}',
      root: 'Root of the book',
      attestation: 'Attestation {period}',
      log: 'Head of the log',
      noLog: 'No head of the log is authentic.',
      none: 'The file shows no path.',
    },
    assets: {
      tab: 'Assets',
      lede: 'Owed and held, asset by asset. Choose a column to sort by it.',
      asset: 'Asset',
      owed: 'Owed',
      held: 'Reserves',
      ratio: 'Coverage',
      class: 'Class',
      verdict: 'Covered?',
      sealed: 'sealed, at most {amount}',
      atLeast: 'at least {percent}',
      hundred: 'The line marks 100 %.',
    },
    addresses: {
      tab: 'Addresses',
      absent: 'The addresses of the exchange are not in this file. They stand in the file reserves.jsonl of the publication, which you can open here.',
      choose: 'Choose reserves.jsonl',
      found: 'This is the list that the attestation is bound to. Its balances were not checked here: “por audit” checks them.',
      other: 'This is not the list that the attestation of your statement is bound to. Do not rely on it.',
      refused: 'This is not a list of reserves.',
      search: 'Search for an address, an asset or a network',
      network: 'Network',
      address: 'Address',
      asset: 'Asset',
      amount: 'Amount, in smallest units',
      class: 'Evidence',
      signature: 'Signature',
      waiting: 'not checked yet',
      proven: 'proven',
      undecided: 'cannot tell',
      unproven: 'not proven',
      judging: 'Signatures checked: {done} of {count}',
      tally: 'Of {count} signatures, {proven} prove control of their address, {undecided} cannot be decided here, {failed} prove nothing.',
      unloaded: 'The part of the verifier that checks this list could not be loaded.',
      range: '{first} to {last} of {count}',
      previous: 'Previous',
      next: 'Next',
      nothing: 'Nothing found.',
    },
    auditors: {
      tab: 'For auditors',
      lede: 'Everything that it takes to do this check again without this page.',
      command: 'The same check on the command line',
      audit: 'The whole publication, every tile of it',
      file: 'Statement (SHA-256)',
      policy: 'Policy (SHA-256)',
      attestation: 'Attestation (SHA-256)',
      saveReport: 'Save the report (JSON)',
      savePolicy: 'Save the policy',
      private: 'The report shows your account and your balance.',
    },
    heads: {
      tab: 'Compare heads',
      lede: 'Everybody must see the same log. Compare this fingerprint with another customer, or with what a witness shows. Where two people see different fingerprints for the same number of entries, somebody was shown another log.',
      fingerprint: 'Fingerprint of a log of {size} entries',
      qr: 'QR code with the origin, the size and the root of the log head',
      other: 'Fingerprint that somebody else sees',
      same: 'The same: you see the same log.',
      different: 'Different. If the number of entries is the same, keep both files and ask the exchange and its witnesses.',
      partial: 'A fingerprint has {count} characters.',
      none: 'No head of the log is authentic, so there is nothing to compare.',
    },
  },

  limits: {
    title: 'What this does not prove',
    before: [
      'That the exchange has no other debts, or that its reserves are not borrowed or pledged.',
      'Anything about money in banks, or about the time after the snapshot.',
      'Anything about customers who do not check their own statement.',
    ],
  },

  identity: {
    title: 'What exactly was checked',
    claimed: 'As the file says; not verified.',
    entity: 'Exchange',
    logOrigin: 'Log',
    period: 'Period',
    sequence: 'Sequence',
    snapshot: 'Snapshot',
    attestation: 'Attestation (SHA-256)',
    log: 'Entry of the log',
    logEntry: '{index}, under a head of {size} entries; later corrections were not seen',
    headTime: 'Log head current at',
    headTimeNone: 'not dated: this policy asks for no witnesses',
    witnesses: 'Witnesses',
    logRoot: 'Root of the log head',
    leaves: 'Leaf in {book}',
    leaf: '{index}, in a book of {count} leaves with padding',
    file: 'File',
  },

  experts: {
    title: 'For experts',
    policyTitle: 'Policy: whose signatures count',
    policy: {
      page: 'Built into this page when it was published.',
      file: 'From the file {name}, chosen by you.',
      example: 'The policy of the example. It says nothing about your exchange.',
      none: 'None. Without a policy no signature can be judged, and the answer is “cannot tell”.',
    },
    choosePolicy: 'Choose a policy file',
    policyRefused: 'This is not a policy file: it must be text of at most 1 MB.',
    policyWarning: 'Take a policy only from a source that you trust, never from whoever sent you the statement.',
    accountTitle: 'The account you expect',
    accountLabel: 'Account name, exactly as shown when you sign in (optional)',
    accountHint: 'The check fails if the statement is about another account.',
  },
} as const;
