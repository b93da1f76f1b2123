/** For those who look closer: one tab for each way of looking. */
import type { Answer } from '../checker.ts';
import { messages } from '../messages/index.ts';
import type { Reserves } from '../reserves.ts';
import type { Subject } from '../subject.ts';
import { addressesView } from './addresses.ts';
import { assetsView } from './assets.ts';
import type { Auditing } from './audit.ts';
import { auditorsView } from './auditors.ts';
import { element, section } from './element.ts';
import { headsView } from './heads.ts';
import { historyView } from './history.ts';
import { pathView } from './path.ts';
import { tabs } from './tabs.ts';
import type { LogDesk } from './visit.ts';

/**
 * `open` reads a list of reserves that a visitor chose, for the statement on the page; `desk` has the published log, and
 * `auditing` audits its publication.
 */
export function lookView(
  answer: Answer,
  subject: Subject,
  open: (list: File) => Promise<Reserves>,
  desk: LogDesk,
  auditing: Auditing | null,
): HTMLElement | null {
  const { report } = answer;
  if (report.statement === null) {
    return null;
  }
  const text = messages.look;
  return section(
    'look',
    text.title,
    report.included === 'verified' ? null : element('p', { class: 'claimed' }, text.unverified),
    tabs(text.title, [
      { id: 'path', label: text.path.tab, panel: () => pathView(report) },
      { id: 'assets', label: text.assets.tab, panel: () => assetsView(report) },
      { id: 'history', label: text.history.tab, panel: () => historyView(desk.log(), desk.load) },
      { id: 'addresses', label: text.addresses.tab, panel: () => addressesView(open) },
      { id: 'auditors', label: text.auditors.tab, panel: () => auditorsView(answer, subject, auditing) },
      { id: 'heads', label: text.heads.tab, panel: () => headsView(report.log) },
    ]),
  );
}
