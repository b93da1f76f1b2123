/** What a check is about: a file, and what it is judged by. */
import type { Policy } from './policy.ts';

/** The page's own examples: one as it was signed, and the same with one digit changed. */
export type Example = 'honest' | 'forged';

export interface Subject {
  readonly file: File;
  readonly policy: Policy;
  /** The account that the customer expects, where one was named. */
  readonly account: string | undefined;
  readonly example: Example | null;
  /** Unix seconds that stand in for the clock; an example is judged by its own time. */
  readonly now?: bigint;
}
