/**
 * Long work in short turns: between two the browser draws and answers, so that nobody waits for more than a moment.
 */

/** A sixth of the 50 ms from which a delay is felt: what the browser does with a part, styles and layout, comes on top. */
const TURN_MS = 8;

/** Resolves in a turn of its own. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** What is to be awaited after each small piece of a long work: it takes a new turn where the running one has been long. */
export function turns(): () => Promise<void> | undefined {
  let until = performance.now() + TURN_MS;
  return () => {
    if (performance.now() < until) {
      return undefined;
    }
    return nextTurn().then(() => {
      until = performance.now() + TURN_MS;
    });
  };
}

/** Does `parts` in order, as many in a turn as fit, at least one; stops where `goOn` says no. Tells whether all were done. */
export async function inTurns(parts: ReadonlyArray<() => void>, goOn: () => boolean): Promise<boolean> {
  let until = 0;
  for (const part of parts) {
    if (performance.now() >= until) {
      await nextTurn();
      until = performance.now() + TURN_MS;
    }
    if (!goOn()) {
      return false;
    }
    part();
  }
  return goOn();
}
