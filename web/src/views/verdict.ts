/**
 * The headline: *Included?*, in words, icon and colour.
 *
 * Every state that is not a report from the verifier is "not verified"; the green one is chosen in one place, by the
 * report's own word.
 */
import { byId, fill, messages, sentence } from '../messages/index.ts';
import type { Policy } from '../policy.ts';
import type { Answer } from '../checker.ts';
import { type Check, COVERAGE } from '../report.ts';
import { formatPeriod } from '../instant.ts';
import { type Child, element, sentences } from './element.ts';
import { foreign } from './foreign.ts';
import { icon, type IconName } from './icon.ts';
import type { Progress } from './progress.ts';
import { quietButton } from './save.ts';

const text = messages.included;

/** What the page knows so far. */
export type VerdictState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'checking'; readonly progress: Progress }
  | { readonly kind: 'broken'; readonly detail: string }
  | ({ readonly kind: 'report' } & Answer);

/** The words of the verdict, as they are announced. */
export function verdictWords(state: VerdictState): string {
  const { word, text: meaning } = text[toneOf(state)];
  return state.kind === 'report' ? `${text.question} ${word}.` : `${text.question} ${word}. ${meaning}`;
}

/** `notes` stand above everything else that is said: what kind of file this is. */
export function verdictView(state: VerdictState, policy: Policy, notes: readonly string[] = []): HTMLElement {
  const tone = toneOf(state);
  return element(
    'section',
    { id: 'verdict', class: `verdict tone-${tone}`, 'aria-labelledby': 'verdict-title', 'data-verdict': tone },
    icon(ICONS[tone]),
    element(
      'div',
      { class: 'verdict-body' },
      element(
        'h2',
        { id: 'verdict-title', tabindex: '-1' },
        element('span', { class: 'eyebrow' }, text.question),
        element('span', { class: 'word' }, text[tone].word),
      ),
      element('p', { class: 'meaning' }, ...meaningOf(state)),
      ...notes.map((note) => element('p', { class: 'note' }, note)),
      ...detailsOf(state, policy),
    ),
  );
}

type Tone = 'waiting' | 'checking' | 'broken' | 'verified' | 'not_verified' | 'cannot_tell';

const ICONS: Readonly<Record<Tone, IconName>> = {
  waiting: 'waiting',
  checking: 'waiting',
  broken: 'broken',
  verified: 'passed',
  not_verified: 'failed',
  cannot_tell: 'cannot_tell',
};

function toneOf(state: VerdictState): Tone {
  return state.kind === 'report' ? state.report.included : state.kind;
}

function meaningOf(state: VerdictState): Child[] {
  const statement = state.kind === 'report' ? state.report.statement : null;
  return fill<Child>(text[toneOf(state)].text, {
    entity: foreign(statement?.entity ?? ''),
    period: foreign(formatPeriod(statement?.period ?? '', messages.tag)),
  });
}

/** Has the keyboard, and whoever listens, go on from the headline. */
export function toVerdict(): void {
  document.getElementById('verdict-title')?.focus();
}

function detailsOf(state: VerdictState, policy: Policy): HTMLElement[] {
  if (state.kind === 'checking') {
    return [state.progress.show()];
  }
  if (state.kind === 'broken') {
    const detail = element('p', { class: 'reason' }, ...fill<Child>(text.brokenDetail, { detail: foreign(state.detail) }));
    return [advice(messages.advice.broken), detail, reloadButton()];
  }
  if (state.kind !== 'report' || state.report.included === 'verified') {
    return [];
  }
  const { included, checks, statement } = state.report;
  const [title, outcome] =
    included === 'not_verified' ? ([text.failures, 'failed'] as const) : ([text.missing, 'cannot_tell'] as const);
  // Coverage is a verdict of its own: a short reserve is no reason why an account is not included.
  const culprits = checks.filter((check) => check.outcome === outcome && check.id !== COVERAGE);
  const noPolicy = statement !== null && included === 'cannot_tell' && policy.source === 'none';
  return [
    ...(noPolicy ? [element('p', { class: 'no-policy' }, messages.advice.noPolicyWhy)] : []),
    ...(culprits.length === 0 ? [] : [culpritList(title, culprits)]),
    advice(adviceFor()),
    ...(included === 'not_verified' && statement !== null ? [evidenceButton()] : []),
  ];

  function adviceFor(): readonly string[] {
    if (included === 'not_verified') {
      return statement === null ? messages.advice.unreadable : messages.advice.not_verified;
    }
    if (statement === null) {
      return messages.advice.unsupported;
    }
    return noPolicy ? messages.advice.noPolicy : messages.advice.cannot_tell;
  }
}

/** What it means, in plain words and once for each kind of failure; whom to ask; and folded, the checks themselves. */
function culpritList(title: string, checks: readonly Check[]): HTMLElement {
  const failed = checks.some(({ outcome }) => outcome === 'failed');
  const meanings = Array.from(new Set(checks.map(meaningOfCheck)), (meaning) => {
    const same = checks.filter((check) => meaningOfCheck(check) === meaning);
    const books = same.flatMap(({ book }) => (book === null ? [] : [element('span', { class: 'book' }, foreign(book)), ' ']));
    // What could not be checked is not said as if it were so.
    const mark = failed ? null : icon('cannot_tell');
    return [mark, ...books.slice(0, 2 * NAMED), element('span', { class: failed ? 'means' : 'open' }, foreign(meaning))];
  });
  const technical = checks.map((check) => [
    ...(check.book === null ? [] : [element('span', { class: 'book' }, foreign(check.book)), ' ']),
    foreign(byId(messages.claims, check.id, check.claim)),
    check.detail === null
      ? null
      : element('span', { class: 'reason' }, ...fill<Child>(text.reason, { detail: foreign(check.detail) })),
  ]);
  return element(
    'div',
    { class: 'culprits' },
    element('h3', {}, title),
    sentences('ul', meanings),
    failed ? element('p', { class: 'whom' }, sentence(messages.whom.title, { who: whomToAsk(checks) })) : null,
    element('details', { class: 'technical' }, element('summary', {}, text.technical), sentences('ul', technical)),
  );
}

/** Books that are named beside one meaning. */
const NAMED = 5;

/** In plain words; a check that cannot be made, or that no words are known of, is named by what it claims. */
function meaningOfCheck(check: Check): string {
  const claim = byId(messages.claims, check.id, check.claim);
  return check.outcome === 'failed' ? byId(messages.failures, check.id, claim) : claim;
}

/** Failures that a customer can settle alone; every other one is a question to the exchange. */
const WHOM: Readonly<Record<string, 'download' | 'yourself'>> = {
  'well-formed': 'download',
  'in-order': 'yourself',
  'account-expected': 'yourself',
};

/** Whom to ask, once: where anything is a question to the exchange, that is the answer. */
function whomToAsk(checks: readonly Check[]): string {
  const each = checks.map(({ id }) => (Object.hasOwn(WHOM, id) ? (WHOM[id] ?? 'exchange') : 'exchange'));
  const who = (['exchange', 'yourself', 'download'] as const).find((wanted) => each.includes(wanted)) ?? 'exchange';
  return messages.whom[who];
}

/** The way to the evidence, which is given only after its warning was read. */
function evidenceButton(): HTMLElement {
  return quietButton('to-evidence', messages.handout.evidence.lead, () => {
    const box = document.getElementById('evidence-understood');
    box?.scrollIntoView({ block: 'center' });
    box?.focus();
  });
}

function advice(items: readonly string[]): HTMLElement {
  return element('div', { class: 'advice' }, element('h3', {}, messages.advice.title), sentences('ol', items));
}

function reloadButton(): HTMLElement {
  const button = element('button', { type: 'button', class: 'button reload' }, text.reload);
  button.addEventListener('click', () => location.reload());
  return button;
}
