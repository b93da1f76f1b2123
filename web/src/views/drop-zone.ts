/** Where a file comes in: dropped or pasted anywhere, or by the file input, which is also the keyboard's way. */
import { fill, messages } from '../messages/index.ts';
import type { FileKind } from '../file-kind.ts';
import type { Refusal } from '../statement-file.ts';
import { element } from './element.ts';
import { foreign } from './foreign.ts';
import { icon } from './icon.ts';

const text = messages.drop;

export class DropZone {
  readonly root: HTMLElement;
  private readonly title = element('span', { class: 'drop-title' }, text.title);
  private readonly hint = element('span', { class: 'drop-hint' }, text.hint);
  private readonly button = element('span', { class: 'button', 'aria-hidden': 'true' }, text.button);
  private readonly refusal = element('p', { class: 'refusal', role: 'alert' });

  constructor(onFiles: (files: FileList) => void) {
    // No `accept`: some systems grey out every file whose ending they do not know.
    const input = element('input', { type: 'file', id: 'statement', 'aria-label': text.button, autocomplete: 'off' });
    input.addEventListener('change', () => {
      const { files } = input;
      if (files !== null && files.length > 0) {
        onFiles(files);
      }
    });
    // Chosen again, the same file is a new choice; and a reload finds no path of it in the form.
    input.addEventListener('click', () => (input.value = ''));
    this.root = element(
      'div',
      { class: 'drop' },
      element(
        'label',
        { class: 'drop-zone', for: 'statement' },
        icon('document'),
        element('span', { class: 'drop-words' }, this.title, this.hint),
        input,
        this.button,
      ),
      this.refusal,
    );
  }

  /** Shows which file the page is about; the zone shrinks to a line above its verdict. */
  showFile(file: File): void {
    document.body.classList.add('chosen');
    this.title.replaceChildren(foreign(file.name));
    this.hint.replaceChildren(...fill(text.size, { size: kilobytes(file.size) }));
    this.button.replaceChildren(text.another);
    this.refusal.replaceChildren();
  }

  /** Says why nothing is checked, or what kind of file it is instead; null takes that back. */
  showRefusal(refusal: Refusal | FileKind | null): void {
    this.refusal.replaceChildren(refusal === null ? '' : text.refused[refusal]);
  }
}

/** A file may also be dropped or pasted anywhere; once for the life of the page. `onText` hears of pasted text. */
export function acceptFilesAnywhere(onFiles: (files: FileList) => void, onText: () => void): void {
  acceptDrops(onFiles);
  addEventListener('paste', ({ target, clipboardData }) => {
    // A field takes its own text.
    if (target instanceof HTMLInputElement && target.type !== 'file') {
      return;
    }
    const files = clipboardData?.files;
    if (files !== undefined && files.length > 0) {
      onFiles(files);
    } else {
      onText();
    }
  });
}

function acceptDrops(onFiles: (files: FileList) => void): void {
  const words = element('span');
  const overlay = element('div', { class: 'overlay', 'aria-hidden': 'true' }, words);
  document.body.append(overlay);
  let depth = 0;
  const show = (by: number): void => {
    depth = Math.max(0, depth + by);
    words.replaceChildren(text.overlay);
    document.body.classList.toggle('dragging', depth > 0);
  };
  addEventListener('dragenter', () => show(1));
  addEventListener('dragleave', () => show(-1));
  // Without this the browser would open the file itself, and its address would be in the history (W-08).
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    show(-depth);
    const files = event.dataTransfer?.files;
    if (files !== undefined && files.length > 0) {
      onFiles(files);
    }
  });
}

/** Size in whole kilobytes, rounded up. */
function kilobytes(bytes: number): string {
  return new Intl.NumberFormat(messages.tag).format(BigInt(Math.ceil(bytes / 1000)));
}
