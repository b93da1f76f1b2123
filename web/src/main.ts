/** The page: files in, states out. Every state but a report from the verifier shows "not verified". */
import './style.css';
import { AuditRun, MAX_WORKERS } from './audit/run.ts';
import AuditWorker from './audit/worker.ts?worker&inline';
import { type Answer, Checker } from './checker.ts';
import CheckWorker from './worker.ts?worker&inline';
import { readExample } from './example.ts';
import { isLanguage, type Language, preferredLanguage, useCatalogue } from './messages/catalogue.ts';
import { en } from './messages/en.ts';
import { type LogSource, type PublishedLog, readLog } from './log.ts';
import { messages } from './messages/index.ts';
import { forgetLanguage, rememberedLanguage, rememberLanguage } from './messages/memory.ts';
import { policyOfPage, policyText } from './policy.ts';
import { MAX_RESERVES_BYTES, type Reserves, ReservesUnloaded, readReserves } from './reserves.ts';
import { resource } from './resources.ts';
import { chooseStatement } from './statement-file.ts';
import type { Example, Subject } from './subject.ts';
import { inTurns, nextTurn, warmUp } from './turns.ts';
import type { Auditing } from './views/audit.ts';
import { balanceView } from './views/balance.ts';
import { checksView } from './views/checks.ts';
import { coverageView } from './views/coverage.ts';
import { acceptFilesAnywhere, DropZone } from './views/drop-zone.ts';
import { element } from './views/element.ts';
import { examplesView } from './views/examples.ts';
import { Experts } from './views/experts.ts';
import { footer, header, stepsView } from './views/frame.ts';
import { handoutView } from './views/handout.ts';
import { identityView } from './views/identity.ts';
import { languageView } from './views/language.ts';
import { limitsView } from './views/limits.ts';
import { lookView } from './views/look.ts';
import { type VerdictState, verdictView, verdictWords } from './views/verdict.ts';
import { visitView, type LogDesk } from './views/visit.ts';

const checker = new Checker(new CheckWorker());
checker.start(resource('verifier'));
// To start all of it takes as long as a delay that is felt: in turns.
await nextTurn();
// Asked for before there is a place for files, so that nothing is asked for once one was chosen; whoever wants it hears of
// a failure.
const example = resource('example');
example.catch(() => undefined);
await nextTurn();

/** The parts that stand while answers come and go; made anew in another language. */
let dropZone: DropZone;
let experts: Experts;
let verifier: HTMLElement;
let announcer: HTMLElement;
let answer: HTMLElement;

let language: Language = 'en';
let version = '';
let subject: Subject | undefined;
let state: VerdictState = { kind: 'waiting' };
/** The log that was read and verified by this policy, whoever asked for it. */
let published: PublishedLog | null = null;
let publishedPolicy: string | undefined;
let onLog: () => void = () => undefined;
/** Counts the checks asked for; an answer to an earlier one is not shown. */
let latest = 0;

const built = build({ policy: policyOfPage(document.getElementById('policy')?.textContent), account: undefined });
acceptFilesAnywhere(choose, () => dropZone.showRefusal('text'));
void built.then(() => speak(rememberedLanguage() ?? preferredLanguage(navigator.languages))).then(() => warmUp(messages.tag));
// On paper nothing can be unfolded.
addEventListener('beforeprint', () => {
  document.querySelectorAll<HTMLDetailsElement>('.checks details').forEach((folded) => (folded.open = true));
});

checker.ready.then(
  (started) => {
    version = started;
    showVersion();
  },
  (error: unknown) => {
    verifier.replaceChildren(messages.page.verifierBroken);
    show({ kind: 'broken', detail: String(error) });
  },
);

/** Puts the whole page together, in the language of the catalogue in use: at once what takes a file, the rest in turns. */
async function build(choice: Experts['choice']): Promise<void> {
  document.documentElement.lang = messages.tag;
  document.documentElement.dir = messages.direction;
  document.title = messages.page.title;
  dropZone = new DropZone(choose);
  experts = new Experts(choice, recheck);
  announcer = element('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  answer = element('div', { class: 'answer' });
  const bottom = footer();
  verifier = bottom.verifier;
  const languages = languageView(language, rememberedLanguage() !== null, (chosen, remember) => {
    if (remember) {
      rememberLanguage(chosen);
    } else {
      forgetLanguage();
    }
    return speak(chosen);
  });
  const main = element('main', {}, dropZone.root, announcer, answer);
  const app = document.getElementById('app');
  app?.replaceChildren(header(languages), main);
  if (subject !== undefined) {
    dropZone.showFile(subject.file);
  }
  showVersion();
  const here = answer;
  // Whoever was faster than that with a file has shown it already.
  const first = () => {
    if (!here.hasChildNodes()) {
      show(state);
    }
  };
  await inTurns([first, () => main.append(experts.root), () => app?.append(bottom.root)], () => here === answer);
}

/** Changes the language; without its catalogue everything stays as it is. Tells whether it worked. */
async function speak(wanted: Language): Promise<boolean> {
  if (wanted === language || !isLanguage(wanted)) {
    return true;
  }
  try {
    useCatalogue(wanted === 'en' ? en : JSON.parse(new TextDecoder().decode(await resource(`messages-${wanted}`))));
  } catch {
    return false;
  }
  language = wanted;
  await nextTurn();
  await build(experts.choice);
  return true;
}

function showVersion(): void {
  if (version !== '') {
    verifier.replaceChildren(messages.page.version.replace('{version}', version));
  }
}

function choose(files: FileList): void {
  const choice = chooseStatement(files);
  if (typeof choice === 'string') {
    dropZone.showRefusal(choice);
    return;
  }
  begin({ file: choice, ...experts.choice, example: null });
}

function tryExample(which: Example): void {
  example.then(
    (bytes) => begin(readExample(bytes, which)),
    () => dropZone.showRefusal('unreadable'),
  );
}

function begin(chosen: Subject): void {
  subject = chosen;
  dropZone.showFile(chosen.file);
  void check(chosen);
}

function recheck(): void {
  // An example is judged by its own policy, whatever an expert chooses.
  if (subject !== undefined && subject.example === null) {
    begin({ ...subject, ...experts.choice });
  }
}

async function check(chosen: Subject): Promise<void> {
  const turn = ++latest;
  show({ kind: 'checking' });
  const settled = await verdictOf(chosen);
  if (turn === latest) {
    show(settled);
  }
}

async function verdictOf({ file, policy, account, now }: Subject): Promise<VerdictState> {
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
    await nextTurn();
  } catch {
    // A folder, or a file that has moved since: the checker has not seen it.
    dropZone.showRefusal('unreadable');
    return { kind: 'waiting' };
  }
  try {
    return { kind: 'report', ...(await checker.check(bytes, policyText(policy), account, now)) };
  } catch (error) {
    return { kind: 'broken', detail: String(error) };
  }
}

function show(next: VerdictState): void {
  state = next;
  const verdict = verdictView(state, subject?.policy ?? experts.choice.policy, notes());
  announcer.replaceChildren(verdictWords(state));
  answer.setAttribute('aria-busy', String(state.kind === 'checking' || state.kind === 'report'));
  if (state.kind === 'report') {
    // The verdict at once, and what stands below it part by part.
    answer.replaceChildren(verdict);
    void unfold(answer, reportParts(state, answer));
    return;
  }
  answer.replaceChildren(verdict);
  const place = answer;
  const views = state.kind === 'waiting' ? [() => examplesView(tryExample), stepsView] : [];
  void unfold(place, [...views, () => limitsView(null)].map((view) => () => place.append(view())));
}

/** Puts the parts of a state into `place`, unless another one has taken it over. */
async function unfold(place: HTMLElement, parts: ReadonlyArray<() => void>): Promise<void> {
  const shown = state;
  if ((await inTurns(parts, () => shown === state && place === answer)) && shown.kind !== 'checking') {
    place.setAttribute('aria-busy', 'false');
  }
}

/** Reads a list of reserves, and has the verifier compare it with the attestation of the statement on the page. */
async function openReserves(list: File): Promise<Reserves> {
  if (subject === undefined || list.size > MAX_RESERVES_BYTES) {
    throw new RangeError('no list for this statement');
  }
  const [statement, bytes] = await Promise.all([subject.file.arrayBuffer(), list.arrayBuffer()]);
  const rows = await readReserves(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const bound = await checker.openReserves(reservesModule, statement, bytes, rows.length);
  return { rows, bound, ownership: (first, count) => checker.ownership(first, count) };
}

let publicationStarted = false;

/** The log that stands beside the statement; one that another policy has judged says nothing here. */
const desk: LogDesk = {
  log: () => (subject !== undefined && publishedPolicy === policyText(subject.policy) ? published : null),
  load: async (source: LogSource) => {
    const policy = subject === undefined ? undefined : policyText(subject.policy);
    await startedPublication();
    const read = await readLog(checker, source, policy);
    published = read;
    publishedPolicy = policy;
    onLog();
    return read;
  },
  onRead: (react) => (onLog = react),
};

/** The module that reads logs, asked for with the first of them; one that could not be had may be had next time. */
async function startedPublication(): Promise<void> {
  if (!publicationStarted) {
    await checker.log({ ask: 'start', module: await resource('publication') });
    publicationStarted = true;
  }
}

/** Asked for where a list is opened: it is public, and the same for everyone. */
async function reservesModule(): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await resource('reserves');
  } catch (error) {
    throw new ReservesUnloaded(String(error));
  }
}

/** An audit of the publication that the statement is of. Nothing is asked for before a visitor starts it. */
function auditing({ report }: Answer, { file }: Subject): Auditing | null {
  if (report.statement === null) {
    return null;
  }
  const sequence = String(report.statement.sequence).padStart(6, '0');
  return {
    host: location.protocol === 'file:' ? null : { kind: 'host', base: new URL('.', document.baseURI).href },
    begin: (source) =>
      new AuditRun({
        source,
        sequence,
        statement: () => file.arrayBuffer(),
        module: () => resource('publication'),
        worker: () => new AuditWorker(),
        workers: Math.min(MAX_WORKERS, Math.max(1, navigator.hardwareConcurrency)),
      }),
  };
}

/** What has to be said of an example before anything else. */
function notes(): string[] {
  if (subject === undefined || subject.example === null || state.kind !== 'report') {
    return [];
  }
  const { note, changed } = messages.example;
  return subject.example === 'forged' ? [note, changed] : [note];
}

/** What stands below the verdict, in parts that are each made in a moment. */
function reportParts(settled: Answer, place: HTMLElement): Array<() => void> {
  const { report } = settled;
  const about = subject;
  const put = (view: () => HTMLElement | null) => () => place.append(view() ?? '');
  if (about === undefined) {
    return [put(() => limitsView(report))];
  }
  const coverage = coverageView(report);
  const checks = checksView(report);
  onLog = () => undefined;
  // An example's log is nobody's: nothing of it is remembered.
  if (report.log !== null && about.example === null) {
    checks.root.append(visitView(report.log, desk));
  }
  return [
    put(() => balanceView(report)),
    put(() => coverage?.root ?? null),
    ...(coverage?.assets ?? []),
    put(() => checks.root),
    ...checks.groups,
    put(() => limitsView(report)),
    put(() => lookView(settled, about, openReserves, desk, auditing(settled, about))),
    put(() => handoutView(settled, about, version)),
    put(() => identityView(report, about.file.name)),
  ];
}
