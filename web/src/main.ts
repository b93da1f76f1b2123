/** The page: files in, states out. Every state but a report from the verifier shows "not verified". */
import './style.css';
import { Checker } from './checker.ts';
import CheckWorker from './worker.ts?worker&inline';
import { messages } from './messages/index.ts';
import { policyOfPage, policyText } from './policy.ts';
import type { Report } from './report.ts';
import { resource } from './resources.ts';
import { chooseStatement } from './statement-file.ts';
import { balanceView } from './views/balance.ts';
import { checksView } from './views/checks.ts';
import { coverageView } from './views/coverage.ts';
import { DropZone } from './views/drop-zone.ts';
import { element } from './views/element.ts';
import { Experts } from './views/experts.ts';
import { footer, header, stepsView } from './views/frame.ts';
import { identityView } from './views/identity.ts';
import { limitsView } from './views/limits.ts';
import { type VerdictState, verdictView, verdictWords } from './views/verdict.ts';

document.documentElement.lang = messages.language;
document.documentElement.dir = messages.direction;
document.title = messages.page.title;

const checker = new Checker(new CheckWorker());
checker.start(resource('verifier'));
const dropZone = new DropZone(choose);
const experts = new Experts(policyOfPage(document.getElementById('policy')?.textContent), recheck);
const announcer = element('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
const answer = element('div', { class: 'answer' });
const { root: bottom, verifier } = footer();

let file: File | undefined;
/** Counts the checks asked for; an answer to an earlier one is not shown. */
let latest = 0;

document
  .getElementById('app')
  ?.replaceChildren(header(), element('main', {}, dropZone.root, announcer, answer, experts.root), bottom);
show({ kind: 'waiting' });
// On paper nothing can be unfolded.
addEventListener('beforeprint', () => {
  document.querySelectorAll<HTMLDetailsElement>('.checks details').forEach((folded) => (folded.open = true));
});

checker.ready.then(
  (version) => verifier.replaceChildren(messages.page.version.replace('{version}', version)),
  (error: unknown) => {
    verifier.replaceChildren(messages.page.verifierBroken);
    show({ kind: 'broken', detail: String(error) });
  },
);

function choose(files: FileList): void {
  const choice = chooseStatement(files);
  if (typeof choice === 'string') {
    dropZone.showRefusal(choice);
    return;
  }
  file = choice;
  dropZone.showFile(choice);
  void check(choice);
}

function recheck(): void {
  if (file !== undefined) {
    void check(file);
  }
}

async function check(statement: File): Promise<void> {
  const turn = ++latest;
  show({ kind: 'checking' });
  const state = await verdictOf(statement);
  if (turn === latest) {
    show(state);
  }
}

async function verdictOf(statement: File): Promise<VerdictState> {
  const { policy, account } = experts.choice;
  let bytes: ArrayBuffer;
  try {
    bytes = await statement.arrayBuffer();
  } catch {
    // A folder, or a file that has moved since: the checker has not seen it.
    dropZone.showRefusal('unreadable');
    return { kind: 'waiting' };
  }
  try {
    return { kind: 'report', report: await checker.check(bytes, policyText(policy), account) };
  } catch (error) {
    return { kind: 'broken', detail: String(error) };
  }
}

function show(state: VerdictState): void {
  const verdict = verdictView(state, experts.choice.policy);
  const views = state.kind === 'report' ? reportViews(state.report) : [limitsView(null)];
  if (state.kind === 'waiting') {
    views.unshift(stepsView());
  }
  answer.replaceChildren(verdict, ...views);
  answer.setAttribute('aria-busy', String(state.kind === 'checking'));
  announcer.replaceChildren(verdictWords(state));
}

function reportViews(report: Report): HTMLElement[] {
  const views = [
    balanceView(report),
    coverageView(report),
    checksView(report),
    limitsView(report),
    identityView(report, file?.name ?? ''),
  ];
  return views.filter((view) => view !== null);
}
