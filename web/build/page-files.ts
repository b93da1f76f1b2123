/**
 * The last step of the build: from one bundle the two forms of the page, and their digests.
 *
 * `index.html` is hosted: script, style, verifier and catalogues are files beside it, and the page refuses each that
 * has not the SHA-384 written into it (W-02). `verify.html` is one file that works from a disk: the very same script
 * and style stand inside, allowed by their digests and nothing else, the rest stands beside them as compressed data,
 * and the browser is told to connect to nothing at all.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const RESOURCES_PLACE = '%POR_RESOURCES%';

type Bundle = Parameters<Extract<Plugin['generateBundle'], (...arguments_: never[]) => unknown>>[1];

/** What the page loads by name when it runs: the modules, and a catalogue for each further language. */
interface Resource {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly path: string;
}

export interface PageFilesOptions {
  /** The verifier's module, as por-bindgen writes it. */
  readonly verifier: string;
  /** The module that judges lists of reserves, loaded where a visitor opens one. */
  readonly reserves: string;
  /** The module that reads logs and audits, loaded where a visitor asks for either. */
  readonly publication: string;
  /** The vector that holds the statement to try the page with. */
  readonly example: string;
  /** A folder with one `<language>.json` for each further language; it may be missing. */
  readonly catalogues: string;
}

export function pageFiles({ verifier, reserves, publication, example, catalogues }: PageFilesOptions): Plugin {
  const emitted: Array<Omit<Resource, 'path'> & { readonly reference: string }> = [];
  return {
    name: 'por-page-files',
    apply: 'build',
    enforce: 'post',
    buildStart() {
      emitted.length = 0;
      // git keeps no empty folder: without a further language there is none.
      const languages = (existsSync(catalogues) ? readdirSync(catalogues) : []).filter((file) => extname(file) === '.json').sort();
      const emit = (name: string, file: string, bytes: Uint8Array): void => {
        emitted.push({ name, bytes, reference: this.emitFile({ type: 'asset', name: file, source: bytes }) });
      };
      emit('verifier', 'verifier.wasm', readFileSync(verifier));
      emit('reserves', 'reserves.wasm', readFileSync(reserves));
      emit('publication', 'publication.wasm', readFileSync(publication));
      const { file, policy, now } = JSON.parse(readFileSync(example, 'utf8')).input;
      emit('example', 'example.json', Buffer.from(JSON.stringify({ statement: file, policy, now })));
      for (const file of languages) {
        // Written as compactly as it is read: white space is for translators.
        const json = JSON.stringify(JSON.parse(readFileSync(join(catalogues, file), 'utf8')));
        emit(`messages-${basename(file, '.json')}`, file, Buffer.from(json));
      }
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const resources = emitted.map(({ name, bytes, reference }) => ({ name, bytes, path: this.getFileName(reference) }));
        const index = bundle['index.html'];
        if (index?.type !== 'asset') {
          throw new Error('the bundle holds no index.html');
        }
        const html = text(index.source);
        index.source = hosted(html, bundle, resources);
        this.emitFile({ type: 'asset', fileName: 'verify.html', source: single(html, bundle, resources) });
      },
    },
  };
}

/** Each script and style with its digest, and the table of what is loaded later with theirs. */
function hosted(html: string, bundle: Bundle, resources: readonly Resource[]): string {
  const table = Object.fromEntries(
    resources.map(({ name, bytes, path }) => [name, { path, integrity: integrity(bytes) }]),
  );
  const withDigests = html.replace(/(<(?:script|link) [^>]*?(?:src|href)="\.\/([^"]+)")/g, (_, head: string, path: string) =>
    `${head} integrity="${integrity(Buffer.from(content(bundle, path)))}"`,
  );
  return once(withDigests, RESOURCES_PLACE, JSON.stringify(table));
}

/** Everything inside. The script stays a module: it runs after the document is read, in both forms. */
function single(html: string, bundle: Bundle, resources: readonly Resource[]): string {
  let script = '';
  let style = '';
  let page = html
    .replace(/\s*<script type="module"[^>]* src="\.\/([^"]+)"><\/script>/, (_, path: string) => {
      script = content(bundle, path);
      return '';
    })
    .replace(/\s*<link rel="stylesheet"[^>]* href="\.\/([^"]+)">/, (_, path: string) => {
      style = content(bundle, path);
      return '';
    });
  if (script === '' || style === '' || /<(?:script|link) [^>]*(?:src|href)="\.\//.test(page)) {
    throw new Error('index.html names other files than one script and one style');
  }
  for (const part of [script, style]) {
    // Inside an element these would end it, or change how the rest is read.
    if (/<\/(?:script|style)|<!--/i.test(part)) {
      throw new Error('the bundle cannot stand inside an element');
    }
  }
  const policy =
    `default-src 'none'; script-src '${integrity(Buffer.from(script))}' 'wasm-unsafe-eval'; ` +
    `style-src '${integrity(Buffer.from(style))}'; worker-src blob:; connect-src 'none'; img-src data:; ` +
    `base-uri 'none'; form-action 'none'`;
  page = page.replace(/(http-equiv="Content-Security-Policy"\s+content=")[^"]*(")/, (_, before: string, after: string) =>
    before + policy + after,
  );
  const data = resources.map(
    ({ name, bytes }) =>
      `<script type="text/plain" id="resource-${name}">${gzipSync(bytes, { level: 9 }).toString('base64')}</script>`,
  );
  page = once(page, RESOURCES_PLACE, '{}');
  page = once(page, '</head>', `  <style>${style}</style>\n  </head>`);
  return once(page, '</body>', `${data.join('\n')}\n<script type="module">${script}</script>\n  </body>`);
}

function content(bundle: Bundle, path: string): string {
  const part = bundle[path];
  if (part === undefined) {
    throw new Error(`the bundle holds no ${path}`);
  }
  return part.type === 'asset' ? text(part.source) : part.code;
}

function text(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : Buffer.from(source).toString('utf8');
}

function integrity(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

/** Replaces what must stand there exactly once; `$` in the replacement means nothing. */
function once(where: string, what: string, by: string): string {
  const parts = where.split(what);
  if (parts.length !== 2) {
    throw new Error(`${what} stands ${parts.length - 1} times in the page`);
  }
  return parts.join(by);
}
