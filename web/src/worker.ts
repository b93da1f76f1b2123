/**
 * The verifier, on a thread of its own: the page stays responsive, and a trap in the module ends here.
 *
 * The module is loaded when the worker starts, before any file is chosen: after that the page asks for nothing more
 * from the network (W-06), and works with the network switched off.
 */
import init, { verify_statement, version } from './wasm/por_verifier_wasm.js';
import moduleUrl from './wasm/por_verifier_wasm_bg.wasm?url';

/** From the page: check these bytes. */
export interface CheckRequest {
  readonly id: number;
  readonly statement: Uint8Array<ArrayBuffer>;
  readonly policy: string | undefined;
  readonly account: string | undefined;
  /** Unix seconds. */
  readonly now: bigint;
}

/** To the page. There is no "success" here: a report is text until the page has read it. */
export type WorkerReply =
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'report'; readonly id: number; readonly json: string }
  | { readonly kind: 'failed'; readonly id: number | null; readonly detail: string };

const started = init({ module_or_path: moduleUrl });

started.then(
  () => reply({ kind: 'ready', version: version() }),
  (error: unknown) => reply({ kind: 'failed', id: null, detail: String(error) }),
);

addEventListener('message', (event: MessageEvent<CheckRequest>) => {
  const { id, statement, policy, account, now } = event.data;
  started
    .then(() => reply({ kind: 'report', id, json: verify_statement(statement, policy, account, now) }))
    .catch((error: unknown) => reply({ kind: 'failed', id, detail: String(error) }));
});

function reply(message: WorkerReply): void {
  postMessage(message);
}
