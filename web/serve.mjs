// @ts-check
/** A static server on loopback, as plain as the hosts a publication is made for: `node serve.mjs <folder> <port>`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** @typedef {{ readonly origin: string, close: () => Promise<void> }} StaticServer */

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/**
 * Serves `folder` on 127.0.0.1; a path that leaves it or names no file is 404. Port 0 takes any free one.
 *
 * @param {string} folder
 * @param {number} port
 * @returns {Promise<StaticServer>}
 */
export async function serveFolder(folder, port = 0) {
  const root = normalize(resolve(folder) + sep);
  const server = createServer((request, response) => {
    const path = pathOf(root, request.url ?? '/');
    if (path === null) {
      response.writeHead(404).end();
      return;
    }
    stat(path).then(
      (found) => {
        if (!found.isFile()) {
          response.writeHead(404).end();
          return;
        }
        const headers = { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'x-content-type-options': 'nosniff' };
        const range = rangeOf(request.headers.range, found.size);
        if (range === null) {
          response.writeHead(200, { ...headers, 'content-length': found.size });
          createReadStream(path).pipe(response);
        } else {
          const { start, end } = range;
          response.writeHead(206, { ...headers, 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${found.size}` });
          createReadStream(path, range).pipe(response);
        }
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => done(undefined));
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    origin: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/**
 * One range of bytes that lies in the file; for anything else the whole file is sent, as RFC 9110 allows.
 *
 * @param {string | undefined} header
 * @param {number} size
 * @returns {{ readonly start: number, readonly end: number } | null}
 */
function rangeOf(header, size) {
  const found = /^bytes=(\d+)-(\d+)$/.exec(header ?? '');
  const [start, end] = [Number(found?.[1]), Number(found?.[2])];
  return found !== null && start <= end && end < size ? { start, end } : null;
}

/**
 * @param {string} root
 * @param {string} url
 * @returns {string | null}
 */
function pathOf(root, url) {
  try {
    const { pathname } = new URL(url, 'http://loopback');
    const decoded = decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    const path = join(root, decoded);
    return path.startsWith(root) && !path.includes('\0') ? path : null;
  } catch {
    return null;
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, port] = argv.slice(2);
  if (folder === undefined || port === undefined || !/^\d+$/.test(port)) {
    console.error('usage: node serve.mjs <folder> <port>');
    process.exit(2);
  }
  serveFolder(folder, Number(port)).then(
    ({ origin }) => console.error(`Serving ${folder} on ${origin}/ (Ctrl-C ends it).`),
    (error) => {
      console.error(`Cannot serve on port ${port}: ${error.message}`);
      process.exit(4);
    },
  );
}
