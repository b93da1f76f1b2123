/** For those who look closer: one tab for each way of looking. */
import type { Answer } from '../checker.ts';
import { messages } from '../messages/index.ts';
import type { Reserves } from '../reserves.ts';
import type { Subject } from '../subject.ts';
import { type AddressesView, addressesView } from './addresses.ts';
import { assetsView } from './assets.ts';
import type { Auditing, NoAudit } from './audit.ts';
import { auditorsView } from './auditors.ts';
import { element, section } from './element.ts';
import { headsView } from './heads.ts';
import { historyView } from './history.ts';
import { pathView } from './path.ts';
import { tabs } from './tabs.ts';
import type { LogDesk } from './visit.ts';
import type { WindowView } from './window.ts';

/** The tabs, and how a file that was dropped anywhere gets into the one where it is shown. */
export interface LookCloser {
  readonly root: HTMLElement;
  readonly take: (kind: 'reserves' | 'window', file: File) => void;
}

/**
 * `open` reads a list of reserves that a visitor chose, for the statement on the page; `desk` has the published log, where
 * there is one, and `auditing` audits its publication.
 */
export function lookView(
  answer: Answer,
  subject: Subject,
  open: (list: File) => Promise<Reserves>,
  desk: LogDesk | null,
  auditing: Auditing | NoAudit,
): LookCloser | null {
  const { report } = answer;
  if (report.statement === null) {
    return null;
  }
  const text = messages.look;
  // Made with their panels, which are made when they are first shown.
  let addresses: AddressesView | undefined;
  let around: WindowView | null = null;
  const tabbed = tabs(text.title, [
    { id: 'path', label: text.path.tab, panel: () => pathView(report) },
    {
      id: 'assets',
      label: text.assets.tab,
      panel: () => {
        const made = assetsView(report);
        around = made.around;
        return made.root;
      },
    },
    { id: 'history', label: text.history.tab, panel: () => historyView(desk) },
    { id: 'addresses', label: text.addresses.tab, panel: () => (addresses = addressesView(open)).root },
    { id: 'auditors', label: text.auditors.tab, panel: () => auditorsView(answer, subject, auditing) },
    { id: 'heads', label: text.heads.tab, panel: () => headsView(report.log) },
  ]);
  const root = section(
    'look',
    text.title,
    report.included === 'verified' ? null : element('p', { class: 'claimed' }, text.unverified),
    tabbed.root,
  );
  return {
    root,
    take: (kind, file) => {
      tabbed.open(kind === 'reserves' ? 'addresses' : 'assets');
      (kind === 'reserves' ? addresses : around)?.take(file);
    },
  };
}
