/**
 * The two files that a customer can take away after a check.
 *
 * The *receipt* helps the customer remember and compare: it names the attestation and the log head, which everybody
 * may see, and holds nothing of the account: no name, no amount, no asset, no leaf, no file name. Anyone could write
 * one, and it says so.
 *
 * The *evidence* is for someone who is to check it: the statement byte for byte, the policy it was judged by, and what
 * the verifier made of it. Without the opening in the statement nobody could check it; with it, it shows the balance.
 */
import { type ArchiveFile, zip } from './archive.ts';
import type { Answer } from './checker.ts';
import { formatInstant } from './instant.ts';
import { messages } from './messages/index.ts';
import { type Policy, policyText } from './policy.ts';
import { COVERAGE, type Outcome } from './report.ts';

/** The receipt, as text in the language of the page; `version` is the verifier's. */
export function receipt({ report, now }: Answer, version: string): string {
  const { receipt: text } = messages.handout;
  const { identity, included } = messages;
  const { statement, log } = report;
  // What the file says of itself is its own word, and may be anything, unless it was verified.
  const attested = report.included === 'verified' ? statement : null;
  const lines: Array<readonly [string, string]> = [
    [included.question, included[report.included].word],
    [text.checkedAt, formatInstant(now, messages.tag)],
    [text.verifier, version],
  ];
  if (attested !== null) {
    lines.push(
      [identity.entity, attested.entity],
      [identity.period, attested.period],
      [identity.sequence, attested.sequence.toString()],
      [identity.snapshot, formatInstant(attested.snapshotTime, messages.tag)],
      [identity.attestation, attested.attestation],
    );
  }
  if (log !== null) {
    lines.push([identity.logOrigin, log.origin], [text.logSize, log.size.toString()], [identity.logRoot, log.root]);
  }
  const checks = outcomesById(report.checks).map(([id, outcome]) => [id, messages.checks.outcomes[outcome]] as const);
  const written = [...lines, ...checks].map(([name, value]) => `${name}: ${oneLine(value)}`);
  return `${[text.heading, text.proves, '', ...written].join('\n')}\n`;
}

/**
 * One outcome for each identifier, the worst one: how often a check ran would tell the number of assets. Coverage is
 * left out: which assets are short is public, which of them a customer holds is not.
 */
function outcomesById(checks: Answer['report']['checks']): Array<readonly [string, Outcome]> {
  const rank: Readonly<Record<Outcome, number>> = { passed: 0, cannot_tell: 1, failed: 2 };
  const worst = new Map<string, Outcome>();
  for (const { id, outcome } of checks) {
    const known = worst.get(id);
    if (id !== COVERAGE && (known === undefined || rank[outcome] > rank[known])) {
      worst.set(id, outcome);
    }
  }
  return Array.from(worst);
}

/** The evidence, as an archive that `por verify` can be run on once it is unpacked. */
export async function evidence(
  { report, json, now }: Answer,
  statement: Uint8Array<ArrayBuffer>,
  policy: Policy,
  account: string | undefined,
  version: string,
): Promise<Blob> {
  const text = messages.handout;
  const trust = policyText(policy);
  const command = `por verify statement.por${trust === undefined ? '' : ' --policy policy.txt'}${account === undefined ? '' : ` --account ${quoted(account)}`}`;
  const readme = [
    ...text.evidence.readme,
    `    ${command}`,
    '',
    `${messages.included.question} ${messages.included[report.included].word}`,
    `${text.receipt.checkedAt}: ${formatInstant(now, messages.tag)}`,
    `${text.receipt.verifier}: ${version}`,
    '',
  ].join('\n');
  const encode = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);
  const files: ArchiveFile[] = [
    { name: 'README.txt', bytes: encode(readme) },
    { name: 'statement.por', bytes: statement },
    { name: 'report.json', bytes: encode(`${json}\n`) },
  ];
  if (trust !== undefined) {
    files.push({ name: 'policy.txt', bytes: encode(trust) });
  }
  return zip(files);
}

/** An argument that a POSIX shell takes as it stands, whatever a name holds. */
function quoted(argument: string): string {
  return `'${oneLine(argument).replaceAll("'", `'\\''`)}'`;
}

/** One line, whatever a name from a file holds. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
