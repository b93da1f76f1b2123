/**
 * What the page needs beside its script: the verifier and the catalogues of other languages.
 *
 * In the single-file page each stands inside, compressed. In the hosted one each is a file beside the page, and the
 * browser refuses it unless it has the digest that the page was built with (W-02).
 */

/** Where the files beside the page are; null for the single-file page, wherever it is served, since it may ask for nothing. */
export function hostOfPage(): string | null {
  const single = document.getElementById('resource-verifier') !== null;
  return single || !/^https?:$/.test(location.protocol) ? null : new URL('.', document.baseURI).href;
}

/** The part called `name`; rejects where there is none, or another than the one that was built. */
export async function resource(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const inside = document.getElementById(`resource-${name}`)?.textContent;
  if (inside !== undefined && inside !== null) {
    return decompressed(fromBase64(inside));
  }
  const { path, integrity } = entry(name);
  const response = await fetch(new URL(path, document.baseURI), { integrity, redirect: 'error' });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

function entry(name: string): { readonly path: string; readonly integrity: string } {
  const table: unknown = JSON.parse(document.getElementById('resources')?.textContent ?? '{}');
  const found: unknown = typeof table === 'object' && table !== null ? Reflect.get(table, name) : undefined;
  if (typeof found === 'object' && found !== null && 'path' in found && 'integrity' in found) {
    const { path, integrity } = found;
    // Without a digest the browser would take anything.
    if (typeof path === 'string' && typeof integrity === 'string' && /^sha384-[A-Za-z0-9+/]{64}$/.test(integrity)) {
      return { path, integrity };
    }
  }
  throw new Error(`this page was built without ${name}`);
}

async function decompressed(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < characters.length; at += 1) {
    bytes[at] = characters.charCodeAt(at);
  }
  return bytes;
}
