/** "For auditors": digests, downloads, and the command that does the same without this page. */
import type { Answer } from '../checker.ts';
import { messages } from '../messages/index.ts';
import { policyText } from '../policy.ts';
import type { Subject } from '../subject.ts';
import { type Auditing, auditView, type NoAudit, noAuditView } from './audit.ts';
import { type Child, element, pair } from './element.ts';
import { foreign } from './foreign.ts';
import { quietButton, saveFile } from './save.ts';

const text = messages.look.auditors;

export function auditorsView({ report, json }: Answer, { file, policy }: Subject, auditing: Auditing | NoAudit): HTMLElement {
  const trust = policyText(policy);
  const fileDigest = element('dd');
  const policyDigest = element('dd');
  void showDigest(fileDigest, () => file.arrayBuffer());
  if (trust !== undefined) {
    void showDigest(policyDigest, () => Promise.resolve(new TextEncoder().encode(trust).buffer));
  }
  return element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.lede),
    element(
      'dl',
      {},
      element('div', { class: 'pair' }, element('dt', {}, text.file), fileDigest),
      report.statement === null ? null : pair(text.attestation, foreign(report.statement.attestation, 'foreign code')),
      trust === undefined ? null : element('div', { class: 'pair' }, element('dt', {}, text.policy), policyDigest),
      pair(text.command, command('por verify statement.por --policy policy.txt --json')),
      pair(text.audit, command('por audit publication --policy policy.txt')),
    ),
    element(
      'div',
      { class: 'buttons' },
      quietButton('save-report', text.saveReport, () => saveFile('por-report.json', new Blob([`${json}\n`], { type: 'application/json' }))),
      trust === undefined ? null : quietButton('save-policy', text.savePolicy, () => saveFile('policy.txt', new Blob([trust], { type: 'text/plain' }))),
    ),
    element('p', { class: 'warning' }, text.private),
    typeof auditing === 'string' ? noAuditView(auditing) : auditView(auditing),
  );
}

function command(line: string): Child {
  return element('code', {}, line);
}

/** SHA-256 in hex. A page that was not loaded securely has no digests; then it says nothing. */
async function showDigest(place: HTMLElement, read: () => Promise<ArrayBuffer>): Promise<void> {
  try {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await read()));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    place.replaceChildren(foreign(hex, 'foreign code'));
  } catch {
    place.replaceChildren('–');
  }
}
