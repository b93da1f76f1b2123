/**
 * A ZIP archive of a few small files, stored as they are: whatever system receives it can open it.
 *
 * Layout: for each file a local header and its bytes; then the central directory; then the end record.
 * Every file carries the same fixed date, so that the same content gives the same archive.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */

export interface ArchiveFile {
  /** ASCII. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** 1980-01-01, the first day that the format knows: year 0, month 1, day 1. */
const DATE = (1 << 5) | 1;
/** Version 1.0: stored files need no more. */
const VERSION = 10;
/** Bytes after which the checksum lets the page breathe. */
const SLICE = 1 << 22;

/** The archive of `files`; the bytes are copied once, into the blob. */
export async function zip(files: readonly ArchiveFile[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const path = new TextEncoder().encode(name);
    const sums = [await crc32(bytes), bytes.length, bytes.length] as const;
    const local = record(0x04034b50, [2, VERSION], [2, 0], [2, 0], [2, 0], [2, DATE], ...sums.map(long), [2, path.length], [2, 0]);
    parts.push(local, path, bytes);
    directory.push(
      record(
        0x02014b50,
        [2, VERSION],
        [2, VERSION],
        [2, 0],
        [2, 0],
        [2, 0],
        [2, DATE],
        ...sums.map(long),
        [2, path.length],
        // No extra field, no comment, first disk, no attributes.
        ...[2, 2, 2, 2, 4].map((size) => [size, 0] as const),
        [4, offset],
      ),
      path,
    );
    offset += local.length + path.length + bytes.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const count = files.length;
  const end = record(0x06054b50, [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, offset], [2, 0]);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

function long(value: number): readonly [number, number] {
  return [4, value];
}

/** A signature and fields of `[bytes, value]`, all little-endian. */
function record(signature: number, ...fields: ReadonlyArray<readonly [number, number]>): Uint8Array<ArrayBuffer> {
  const all = [[4, signature] as const, ...fields];
  return Uint8Array.from(all.flatMap(([size, value]) => Array.from({ length: size }, (_, at) => (value >>> (8 * at)) & 0xff)));
}

/** The checksum of ISO 3309, a bit-reversed CRC with the polynomial 0xEDB88320. */
export async function crc32(bytes: Uint8Array): Promise<number> {
  let sum = 0xffffffff;
  for (let from = 0; from < bytes.length; from += SLICE) {
    for (const byte of bytes.subarray(from, from + SLICE)) {
      sum = (TABLE[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  return (sum ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return sum;
});
