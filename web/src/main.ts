/** The page: files in, states out. Every state but a report from the verifier shows "not verified". */
import './style.css';
import { AuditRun, MAX_WORKERS } from './audit/run.ts';
import AuditWorker from './audit/worker.ts?worker&inline';
import { type Answer, Checker } from './checker.ts';
import { coinsOf } from './coins.ts';
import CheckWorker from './worker.ts?worker&inline';
import { readExample } from './example.ts';
import { type FileKind, kindOf } from './file-kind.ts';
import { isLanguage, type Language, preferredLanguage, useCatalogue } from './messages/catalogue.ts';
import { en } from './messages/en.ts';
import { filesBesidePage, type LogSource, type PublishedLog, readLog } from './log.ts';
import { messages } from './messages/index.ts';
import { forgetLanguage, rememberedLanguage, rememberLanguage } from './messages/memory.ts';
import { policyOfPage, policyText } from './policy.ts';
import { MAX_RESERVES_BYTES, type Reserves, ReservesUnloaded, readReserves } from './reserves.ts';
import { hostOfPage, resource } from './resources.ts';
import { chooseStatement } from './statement-file.ts';
import type { Example, Subject } from './subject.ts';
import { inTurns, nextTurn } from './turns.ts';
import type { Auditing, NoAudit } from './views/audit.ts';
import { balanceView } from './views/balance.ts';
import { checksView } from './views/checks.ts';
import { coverageView, coveredLine, coveredWords } from './views/coverage.ts';
import { acceptFilesAnywhere, DropZone } from './views/drop-zone.ts';
import { element } from './views/element.ts';
import { examplesView } from './views/examples.ts';
import { Experts } from './views/experts.ts';
import { footer, header, stepsView } from './views/frame.ts';
import { handoutView } from './views/handout.ts';
import { identityView } from './views/identity.ts';
import { languageView } from './views/language.ts';
import { limitsView } from './views/limits.ts';
import { lookView, type LookCloser } from './views/look.ts';
import { Progress } from './views/progress.ts';
import { toVerdict, type VerdictState, verdictView, verdictWords } from './views/verdict.ts';
import { visitView, type LogDesk } from './views/visit.ts';

const checker = new Checker(new CheckWorker());
checker.start(resource('verifier'));
// Asked for at once, so that nothing is asked for once a file was chosen; whoever wants it hears of a failure.
const example = resource('example');
example.catch(() => undefined);

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
/** Counts the files and examples that were chosen: what an earlier choice still brings is left aside. */
let choices = 0;
/** Counts the checks asked for; an answer to an earlier one is not shown. */
let latest = 0;
/** Counts the languages asked for; a catalogue that comes late does not take the place of a later choice. */
let spoken = 0;
/** The tabs below the answer on the page, where there are any. */
let look: LookCloser | null = null;
/** Ends the audit of the answer on the page: nobody sees any more what came of it. */
let stopAudit: () => void = () => undefined;

// On paper nothing can be unfolded.
addEventListener('beforeprint', () => {
  document.querySelectorAll<HTMLDetailsElement>('.checks details').forEach((folded) => (folded.open = true));
});
void start();

/** The page in turns of its own: the browser lays out what stands there at the end of the turn that runs this script. */
async function start(): Promise<void> {
  await nextTurn();
  build({ policy: policyOfPage(document.getElementById('policy')?.textContent), account: undefined });
  acceptFilesAnywhere((files) => void choose(files), () => dropZone.showRefusal('text'));
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
  await speak(rememberedLanguage() ?? preferredLanguage(navigator.languages));
}

/** Puts the whole page together, in the language of the catalogue in use. */
function build(choice: Experts['choice']): void {
  document.documentElement.lang = messages.tag;
  document.documentElement.dir = messages.direction;
  document.title = messages.page.title;
  checker.warmUp(messages.tag);
  dropZone = new DropZone((files) => void choose(files));
  experts = new Experts(choice, recheck);
  announcer = element('p', { class: 'visually-hidden announcer', role: 'status', 'aria-live': 'polite' });
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
  document
    .getElementById('app')
    ?.replaceChildren(header(languages), element('main', {}, dropZone.root, announcer, answer, experts.root), bottom.root);
  if (subject !== undefined) {
    dropZone.showFile(subject.file);
  }
  showVersion();
  show(state);
}

/** Changes the language; without its catalogue everything stays as it is. Tells whether it worked. */
async function speak(wanted: Language): Promise<boolean> {
  const turn = ++spoken;
  if (wanted === language || !isLanguage(wanted)) {
    return true;
  }
  try {
    const catalogue: unknown = wanted === 'en' ? en : JSON.parse(new TextDecoder().decode(await resource(`messages-${wanted}`)));
    if (turn === spoken) {
      useCatalogue(catalogue);
    }
  } catch {
    return false;
  }
  if (turn === spoken) {
    language = wanted;
    await nextTurn();
    build(experts.choice);
  }
  return true;
}

function showVersion(): void {
  if (version !== '') {
    verifier.replaceChildren(messages.page.version.replace('{version}', version));
  }
}

async function choose(files: FileList): Promise<void> {
  const turn = ++choices;
  const choice = chooseStatement(files);
  const [file, second] = [files[0], files[1]];
  let kind: FileKind | null = null;
  if (file !== undefined && second === undefined) {
    try {
      kind = await kindOf(file);
    } catch {
      // A folder, or a file that has moved since.
      if (turn === choices) {
        dropZone.showRefusal('unreadable');
      }
      return;
    }
  }
  if (turn !== choices) {
    return;
  }
  if (file !== undefined && kind !== null) {
    openElsewhere(kind, file);
  } else if (typeof choice === 'string') {
    dropZone.showRefusal(choice);
  } else {
    begin({ file: choice, ...experts.choice, example: null });
  }
}

/** A file that is no statement, and known: it is opened where it belongs, or said to belong there. */
function openElsewhere(kind: FileKind, file: File): void {
  if ((kind === 'reserves' || kind === 'window') && look !== null) {
    dropZone.showRefusal(null);
    look.take(kind, file);
    return;
  }
  if (kind === 'policy') {
    // Never taken as it comes: whoever made the statement could have sent it along.
    experts.root.open = true;
  }
  dropZone.showRefusal(kind);
}

function tryExample(which: Example): void {
  const turn = ++choices;
  example.then(
    (bytes) => {
      if (turn === choices) {
        begin(readExample(bytes, which));
      }
    },
    () => dropZone.showRefusal('unreadable'),
  );
}

function begin(chosen: Subject): void {
  subject = chosen;
  dropZone.showFile(chosen.file);
  void check(chosen, true);
}

function recheck(): void {
  // An example is judged by its own policy, whatever an expert chooses.
  if (subject !== undefined && subject.example === null) {
    subject = { ...subject, ...experts.choice };
    void check(subject, false);
  }
}

/** `leads` has the keyboard follow to the verdict: not where somebody is at work in a field. */
async function check(chosen: Subject, leads: boolean): Promise<void> {
  const turn = ++latest;
  const progress = new Progress(chosen.account !== undefined);
  show({ kind: 'checking', progress });
  const settled = await verdictOf(chosen, progress);
  if (turn !== latest) {
    return;
  }
  if (settled === null) {
    dropZone.showRefusal('unreadable');
    show({ kind: 'waiting' });
    return;
  }
  show(settled);
  if (leads) {
    toVerdict();
  }
}

/** What came of a check; null where the file could not be read, which the checker has not seen then. */
async function verdictOf({ file, policy, account, now }: Subject, progress: Progress): Promise<VerdictState | null> {
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
    await nextTurn();
  } catch {
    return null;
  }
  try {
    return { kind: 'report', ...(await checker.check(bytes, policyText(policy), account, now, (made) => progress.add(made))) };
  } catch (error) {
    return { kind: 'broken', detail: String(error) };
  }
}

/** Shows a state. One that cannot be shown is a check that broke, whatever it would have said. */
function show(next: VerdictState): void {
  try {
    display(next);
  } catch (error) {
    if (next.kind === 'broken') {
      throw error;
    }
    display({ kind: 'broken', detail: String(error) });
  }
}

function display(next: VerdictState): void {
  state = next;
  stopAudit();
  look = null;
  const { policy } = subject ?? experts.choice;
  const report = state.kind === 'report' ? state.report : null;
  // What is about to go may have the keyboard: it stays with the answer.
  const leads = answer.contains(document.activeElement);
  announcer.replaceChildren([verdictWords(state), report === null ? '' : coveredWords(report)].join(' ').trim());
  answer.setAttribute('aria-busy', 'true');
  // Both verdicts at once, and what stands below them part by part.
  answer.replaceChildren(verdictView(state, policy, notes()), (report === null ? null : coveredLine(report)) ?? '');
  if (leads) {
    toVerdict();
  }
  const shown = state;
  unfold(answer, partsOf(state, answer)).catch((error: unknown) => {
    // An answer of which a part is missing is none.
    if (state === shown && state.kind !== 'broken') {
      show({ kind: 'broken', detail: String(error) });
    }
  });
}

function partsOf(shown: VerdictState, place: HTMLElement): Array<() => void> {
  if (shown.kind === 'report') {
    return reportParts(shown, place);
  }
  const limits = (): void => place.append(limitsView(null));
  return shown.kind === 'waiting' ? [() => place.append(examplesView(tryExample), stepsView()), limits] : [limits];
}

/** Puts the parts of a state into `place`, unless another one has taken it over; a check that runs stays busy. */
async function unfold(place: HTMLElement, parts: ReadonlyArray<() => void>): Promise<void> {
  const shown = state;
  if (await inTurns(parts, () => shown === state && place === answer)) {
    place.setAttribute('aria-busy', String(shown.kind === 'checking'));
  }
}

/** Reads a list of reserves, and has the verifier compare it with the attestation of the statement on the page. */
async function openReserves(list: File): Promise<Reserves> {
  if (subject === undefined || list.size > MAX_RESERVES_BYTES) {
    throw new RangeError('no list for this statement');
  }
  const statement = await subject.file.arrayBuffer();
  const coins = coinsOf(statement);
  const rows = await readReserves(list);
  const opened = await checker.openReserves(reservesModule, statement, await list.arrayBuffer(), rows.length);
  return { rows, coins, bound: opened.bound, ownership: (first, count) => checker.ownership(opened.list, first, count) };
}

let publicationStarted = false;

/** The log that stands beside the statement; one that another policy has judged says nothing here. */
const desk: LogDesk = {
  beside: filesBesidePage(),
  log: () => (subject !== undefined && publishedPolicy === policyText(subject.policy) ? published : null),
  load: (source) => {
    const policy = subject === undefined ? undefined : policyText(subject.policy);
    // Whoever asks for what is being read waits for the same reading.
    if (reading?.source !== source || reading.policy !== policy) {
      const log = loadLog(source, policy);
      const begun = { source, policy, log };
      reading = begun;
      const over = (): void => {
        reading = reading === begun ? undefined : reading;
      };
      log.then(over, over);
    }
    return reading.log;
  },
  onRead: (react) => (onLog = react),
};

/** The reading of a log that has not ended yet. */
let reading: { readonly source: LogSource; readonly policy: string | undefined; readonly log: Promise<PublishedLog> } | undefined;

async function loadLog(source: LogSource, policy: string | undefined): Promise<PublishedLog> {
  await startedPublication();
  const read = await readLog(checker, source, policy);
  const before = published;
  published = read;
  publishedPolicy = policy;
  onLog();
  // Only now: whoever had asked about it has its answer by the one that took its place.
  before?.end();
  return read;
}

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

/** The checks without which an attestation is not shown to be the exchange's (SPEC §9, steps 2 to 5). */
const AUTHENTIC = ['attestation-signed', 'attestation-approved', 'attestation-logged', 'witnesses-cosigned'];

/**
 * An audit of the publication that the statement is of; nothing is asked for before a visitor starts it. Or why there is
 * none: what is found under a root that somebody invented would be held against the exchange.
 */
function auditing({ report }: Answer, { file, example }: Subject): Auditing | NoAudit {
  if (report.statement === null || example !== null) {
    return 'example';
  }
  if (AUTHENTIC.some((id) => report.checks.find((check) => check.id === id)?.outcome !== 'passed')) {
    return 'unauthentic';
  }
  const sequence = String(report.statement.sequence).padStart(6, '0');
  const base = hostOfPage();
  return {
    host: base === null ? null : { kind: 'host', base },
    begin: (source) => {
      const run = new AuditRun({
        source,
        sequence,
        statement: () => file.arrayBuffer(),
        module: () => resource('publication'),
        worker: () => new AuditWorker(),
        workers: Math.min(MAX_WORKERS, Math.max(1, navigator.hardwareConcurrency)),
      });
      stopAudit = () => run.stop();
      return run;
    },
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
  // An example's log is nobody's: it has no history, and nothing of it is remembered.
  const own = about.example === null ? desk : null;
  const { log } = report;
  return [
    put(() => balanceView(report)),
    put(() => coverage?.root ?? null),
    ...(coverage?.assets ?? []),
    put(() => checks.root),
    ...checks.groups,
    () => checks.root.append((log === null || own === null ? null : visitView(log, own)) ?? ''),
    put(() => limitsView(report)),
    put(() => {
      look = lookView(settled, about, openReserves, own, auditing(settled, about));
      return look?.root ?? null;
    }),
    put(() => handoutView(settled, about, version)),
    put(() => identityView(report, about.file.name)),
    put(() => examplesView(tryExample)),
  ];
}
