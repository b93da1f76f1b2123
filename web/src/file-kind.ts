/**
 * What a file is that somebody dropped here, by its first bytes: files that belong to a statement are not judged as one.
 *
 * It decides nothing but where a file is opened. Whatever is not known here goes to the verifier, which says what it makes
 * of it.
 */

/** Files that the page knows, apart from statements. */
export type FileKind = 'reserves' | 'window' | 'policy' | 'archive' | 'report' | 'publication';

/** Enough for the first row of any list. */
const HEAD_BYTES = 1 << 16;

/** The kind of `file`; null for a statement and for anything unknown. Rejects for what cannot be read, such as a folder. */
export async function kindOf(file: Pick<File, 'slice'>): Promise<FileKind | null> {
  return kindOfHead(new TextDecoder().decode(await file.slice(0, HEAD_BYTES).arrayBuffer()));
}

/** The formats that a JSON file of ours names, and the kind that it is. */
const FORMATS: ReadonlyArray<readonly [string, FileKind]> = [
  ['por/window/v1', 'window'],
  ['por/report/v1', 'report'],
  ['por/attestation/v1', 'publication'],
];

export function kindOfHead(head: string): FileKind | null {
  if (head.startsWith('por/statement/')) {
    return null;
  }
  if (head.startsWith('PK\u0003\u0004')) {
    return 'archive';
  }
  if (head.startsWith('{')) {
    return kindOfRow(head.split('\n', 1)[0] ?? '') ?? FORMATS.find(([format]) => head.includes(`"${format}"`))?.[1] ?? null;
  }
  if (/^(log|witness|group|quorum) \S/m.test(head) && !head.includes('\0')) {
    return 'policy';
  }
  // A signed head of a log: origin, size and root, a line each, and signatures.
  return /^\S+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n(.*\n)*?\n— /.test(head) ? 'publication' : null;
}

/** Of a list that holds one row a line. */
function kindOfRow(line: string): FileKind | null {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return null;
  }
  const has = (...names: string[]): boolean => typeof row === 'object' && row !== null && names.every((name) => Object.hasOwn(row as object, name));
  if (has('network', 'address', 'instance', 'amount')) {
    return 'reserves';
  }
  return has('asset', 'leaf_count', 'root') ? 'publication' : null;
}
