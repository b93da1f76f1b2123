/** Choosing and reading the one file: what is refused before a byte of it is read (W-03). */

/** A statement of hundreds of assets has some megabytes; the verifier reads no more than this (`protocol/src/statement.rs`). */
export const MAX_STATEMENT_BYTES = 50_000_000;

/** Why a choice was turned down; each is a sentence of the message catalogue. */
export type Refusal = 'too-large' | 'empty' | 'several' | 'unreadable' | 'text';

/** Picks the one file out of a drop or an input, or says why there is none to check. */
export function chooseStatement(files: ArrayLike<File>): File | Refusal {
  const [file, second] = [files[0], files[1]];
  if (file === undefined) {
    return 'unreadable';
  }
  if (second !== undefined) {
    return 'several';
  }
  if (file.size > MAX_STATEMENT_BYTES) {
    return 'too-large';
  }
  return file.size === 0 ? 'empty' : file;
}
