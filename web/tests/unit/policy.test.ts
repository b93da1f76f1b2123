import { expect, test } from 'vitest';
import { policyOfFile, policyOfPage, policyText } from '../../src/policy.ts';

test('a placeholder that nobody replaced is no policy', () => {
  for (const block of ['%POR_POLICY%', ' \n%POR_POLICY%\n ', '', '  \n', null, undefined]) {
    expect(policyOfPage(block), String(block)).toEqual({ source: 'none' });
    expect(policyText(policyOfPage(block))).toBeUndefined();
  }
});

test('a published policy is taken as it stands, with its escapes undone once', () => {
  const policy = 'log example.com/por+7f2c1d09+AbC/d=\nquorum none\n';
  expect(policyOfPage(policy)).toEqual({ source: 'page', text: policy });
  expect(policyText(policyOfPage('a &lt;b&gt; &quot;c&quot; &#39;d&#x27; &amp;lt; &nbsp;'))).toBe(
    'a <b> "c" \'d\' &lt; &nbsp;',
  );
});

test('a policy file must be text of at most a megabyte', async () => {
  await expect(policyOfFile(new File(['log x\n'], 'p.txt'))).resolves.toEqual({
    source: 'file',
    text: 'log x\n',
    name: 'p.txt',
  });
  await expect(policyOfFile(new File([new Uint8Array([0xff, 0xfe])], 'p'))).rejects.toThrow();
  await expect(policyOfFile(new File([new Uint8Array(1024 * 1024 + 1)], 'p'))).rejects.toThrow(RangeError);
});
