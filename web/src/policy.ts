/**
 * The trust root that the page was published with.
 *
 * It is compiled into the page and never read from the file that is judged. `por publish` replaces the placeholder in
 * `index.html` with the HTML-escaped policy text. A script block is raw text to the browser, so the escapes are undone
 * here: one pass, the exact inverse of `& < > " '`.
 */

/** Which policy the check runs with, and where it came from. */
export type Policy =
  | { readonly source: 'page'; readonly text: string }
  | { readonly source: 'file'; readonly text: string; readonly name: string }
  | { readonly source: 'example'; readonly text: string }
  | { readonly source: 'none' };

/** A policy is a few lines of text; more than this is some other file. */
export const MAX_POLICY_BYTES = 1024 * 1024;

const ESCAPES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
};

/** Reads the content of the policy block; a placeholder that nobody replaced, or nothing at all, is no policy. */
export function policyOfPage(block: string | null | undefined): Policy {
  const text = (block ?? '').replace(/&(?:amp|lt|gt|quot|#39|#x27);/g, (escape) => ESCAPES[escape] ?? escape);
  // Matched by shape: the placeholder's own name stands in index.html alone, so that replacing it cannot reach here.
  if (text.trim() === '' || /^%[A-Z_]+%$/.test(text.trim())) {
    return { source: 'none' };
  }
  return { source: 'page', text };
}

/** Reads a policy file that an expert chose; throws where it is not text. */
export async function policyOfFile(file: File): Promise<Policy> {
  if (file.size > MAX_POLICY_BYTES) {
    throw new RangeError('policy file too large');
  }
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  return { source: 'file', text, name: file.name };
}

/** The text that is handed to the verifier. */
export function policyText(policy: Policy): string | undefined {
  return policy.source === 'none' ? undefined : policy.text;
}
