/**
 * Where the files of a publication come from: the page's own host, or a folder that a visitor chose.
 *
 * Nothing that comes from here is trusted: the verifier judges every byte. What is looked after is that a host cannot make
 * the page wait or store without end, and that a file of another length is not cut to fit.
 */

/** A part of a pack: `length` bytes from `offset`, of a file that has `whole`. */
export interface PackRange {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly whole: number;
}

/** `base` ends in a slash; the names of `files` begin at the publication's folder. */
export type Source =
  | { readonly kind: 'host'; readonly base: string }
  | { readonly kind: 'folder'; readonly files: ReadonlyMap<string, File> };

/** A file could not be had as it must be; this says nothing about the publication's truth. */
export class Unread extends Error {
  override readonly name = 'Unread';
}

/** A host that is silent for so long has gone. */
const PATIENCE_MS = 60_000;

/** Reads publications; it keeps the last whole file of a host that answers no ranges, so that it is fetched once. */
export class Reader {
  private readonly source: Source;
  private kept: { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;

  constructor(source: Source) {
    this.source = source;
  }

  /** The whole file, of at most `limit` bytes. */
  async file(path: string, limit: number, cache: RequestCache = 'default'): Promise<Uint8Array<ArrayBuffer>> {
    if (this.source.kind === 'folder') {
      const file = this.fileOf(path);
      return bytesOf(path, file.size > limit ? undefined : file);
    }
    const response = await this.get(path, {}, cache);
    if (response.status !== 200) {
      throw new Unread(`${path}: ${response.status}`);
    }
    return body(path, response, limit);
  }

  async range(path: string, { offset, length, whole }: PackRange): Promise<Uint8Array<ArrayBuffer>> {
    if (this.source.kind === 'folder') {
      const file = this.fileOf(path);
      return bytesOf(path, file.size === whole ? file.slice(offset, offset + length) : undefined);
    }
    if (this.kept?.path === path) {
      return this.kept.bytes.slice(offset, offset + length);
    }
    const response = await this.get(path, { range: `bytes=${offset}-${offset + length - 1}` });
    if (response.status === 206) {
      if (response.headers.get('content-range') !== `bytes ${offset}-${offset + length - 1}/${whole}`) {
        throw new Unread(`${path}: another range than the one asked for`);
      }
      return exactly(path, await body(path, response, length), length);
    }
    if (response.status !== 200) {
      throw new Unread(`${path}: ${response.status}`);
    }
    const bytes = exactly(path, await body(path, response, whole), whole);
    this.kept = { path, bytes };
    return bytes.slice(offset, offset + length);
  }

  private fileOf(path: string): File {
    const file = this.source.kind === 'folder' ? this.source.files.get(path) : undefined;
    if (file === undefined) {
      throw new Unread(`${path}: not there`);
    }
    return file;
  }

  private async get(path: string, headers: Record<string, string>, cache: RequestCache = 'default'): Promise<Response> {
    if (this.source.kind !== 'host') {
      throw new Unread(`${path}: no host`);
    }
    try {
      return await fetch(this.source.base + path, { headers, cache, redirect: 'error', credentials: 'omit', signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch (error) {
      throw new Unread(`${path}: ${String(error)}`);
    }
  }
}

/** The files below a chosen folder, by their names from the publication's folder on. */
export function folderSource(files: Iterable<File>): Source {
  const named = new Map<string, File>();
  for (const file of files) {
    const at = file.webkitRelativePath.lastIndexOf('attestations/');
    if (at >= 0) {
      named.set(file.webkitRelativePath.slice(at), file);
    }
  }
  return { kind: 'folder', files: named };
}

async function bytesOf(path: string, blob: Blob | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (blob === undefined) {
    throw new Unread(`${path}: another length than it must have`);
  }
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new Unread(`${path}: ${String(error)}`);
  }
}

/** The body, which ends before `limit` or is refused. */
async function body(path: string, response: Response, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      length += part.value.length;
      if (length > limit) {
        await reader?.cancel();
        break;
      }
      parts.push(part.value);
    }
  } catch (error) {
    throw new Unread(`${path}: ${String(error)}`);
  }
  if (length > limit) {
    throw new Unread(`${path}: longer than it must be`);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function exactly(path: string, bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (bytes.length !== length) {
    throw new Unread(`${path}: another length than it must have`);
  }
  return bytes;
}
