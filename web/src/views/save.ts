/** Saving a file: it goes from the page to the disk, never over the network. */
import { element } from './element.ts';

export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  element('a', { href: address, download: name }).click();
  // Not at once: the browser reads it after this task.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A button beside the main one. */
export function quietButton(id: string, label: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: 'button quiet', id }, label);
  made.addEventListener('click', onClick);
  return made;
}
