/** What a customer can take away: a receipt without anything private, and evidence after a warning. */
import { evidence, receipt } from '../handout.ts';
import { messages } from '../messages/index.ts';
import type { Subject } from '../subject.ts';
import type { Answer } from '../checker.ts';
import { element, section } from './element.ts';
import { quietButton, saveFile } from './save.ts';

const text = messages.handout;

export function handoutView(answer: Answer, subject: Subject, version: string): HTMLElement {
  const refusal = element('p', { class: 'refusal', role: 'alert' });
  const understood = element('input', { type: 'checkbox', id: 'evidence-understood', autocomplete: 'off' });
  const save = quietButton('save-evidence', text.evidence.button, () => void saveEvidence());
  save.disabled = true;
  understood.addEventListener('change', () => (save.disabled = !understood.checked));
  return section(
    'handout',
    text.title,
    element('h3', {}, text.receipt.title),
    element('p', {}, text.receipt.what, ' ', text.receipt.proves),
    quietButton('save-receipt', text.receipt.button, () =>
      saveFile('por-receipt.txt', new Blob([receipt(answer, version)], { type: 'text/plain' })),
    ),
    element('h3', {}, text.evidence.title),
    element('p', {}, text.evidence.what),
    element('p', { class: 'warning' }, text.evidence.warning),
    element('label', { class: 'confirm', for: 'evidence-understood' }, understood, ' ', text.evidence.confirm),
    save,
    refusal,
  );

  async function saveEvidence(): Promise<void> {
    try {
      const bytes = new Uint8Array(await subject.file.arrayBuffer());
      const { policy, account } = subject;
      saveFile('por-evidence.zip', await evidence(answer, bytes, policy, account, version));
      refusal.replaceChildren();
    } catch {
      refusal.replaceChildren(text.evidence.changed);
    }
  }
}
