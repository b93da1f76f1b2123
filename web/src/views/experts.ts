/** Folded away: which policy the answer rests on, a policy of the checker's own, and the account that is expected. */
import { fill, messages } from '../messages/index.ts';
import { type Policy, policyOfFile, policyText } from '../policy.ts';
import { type Child, element } from './element.ts';
import { foreign } from './foreign.ts';

const text = messages.experts;

/** What an expert may set; every change asks for a new check. */
export interface ExpertChoice {
  readonly policy: Policy;
  readonly account: string | undefined;
}

export class Experts {
  readonly root: HTMLDetailsElement;
  private readonly policyInUse = element('div', { class: 'policy-in-use' });
  private readonly refusal = element('p', { class: 'refusal', role: 'alert' });
  private readonly account = element('input', {
    type: 'text',
    id: 'account',
    // The browser must not keep it, and must not send it to a spelling service.
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    'aria-describedby': 'account-hint',
  });
  private policy: Policy;

  constructor({ policy, account }: ExpertChoice, onChange: () => void) {
    this.policy = policy;
    this.account.value = account ?? '';
    this.account.addEventListener('change', onChange);
    this.root = element(
      'details',
      { class: 'card experts', id: 'experts' },
      element('summary', {}, element('h2', {}, text.title)),
      element('h3', {}, text.policyTitle),
      this.policyInUse,
      this.policyInput(onChange),
      this.refusal,
      element('p', { class: 'hint' }, text.policyWarning),
      element('h3', {}, text.accountTitle),
      element('label', { for: 'account' }, text.accountLabel),
      this.account,
      element('p', { class: 'hint', id: 'account-hint' }, text.accountHint),
    );
    this.showPolicy();
  }

  get choice(): ExpertChoice {
    return { policy: this.policy, account: this.account.value === '' ? undefined : this.account.value };
  }

  private policyInput(onChange: () => void): HTMLElement {
    const input = element('input', { type: 'file', id: 'policy-file', 'aria-label': text.choosePolicy });
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = '';
      if (file === undefined) {
        return;
      }
      policyOfFile(file).then(
        (policy) => {
          this.policy = policy;
          this.refusal.replaceChildren();
          this.showPolicy();
          onChange();
        },
        () => this.refusal.replaceChildren(text.policyRefused),
      );
    });
    const button = element('span', { class: 'button', 'aria-hidden': 'true' }, text.choosePolicy);
    return element('label', { class: 'file-button', for: 'policy-file' }, input, button);
  }

  private showPolicy(): void {
    const { policy } = this;
    const name = policy.source === 'file' ? policy.name : '';
    const content = policyText(policy);
    this.policyInUse.replaceChildren(
      element('p', {}, ...fill<Child>(text.policy[policy.source], { name: foreign(name) })),
      ...(content === undefined ? [] : [policyLines(content)]),
    );
  }
}

/** The policy as it is, line by line, so that it can be compared with a printed one. */
function policyLines(content: string): HTMLElement {
  const lines = content.split(/\r?\n/).filter((line) => line !== '');
  return element('ol', { class: 'policy-lines' }, ...lines.map((line) => element('li', {}, foreign(line, 'foreign code'))));
}
