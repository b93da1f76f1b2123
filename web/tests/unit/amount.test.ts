import { expect, test } from 'vitest';
import { formatAmount, isCanonicalInteger, sameQuantity } from '../../src/amount.ts';

test('w_04_an_amount_above_2_to_the_53_keeps_every_digit', () => {
  expect(formatAmount('9007199254740993', 0, 'en')).toBe('9,007,199,254,740,993');
  expect(formatAmount('18446744073709551615', 0, 'en')).toBe('18,446,744,073,709,551,615');
  expect(formatAmount('18446744073709551615', 8, 'en')).toBe('184,467,440,737.09551615');
  expect(formatAmount('123456789012345678901234567890', 18, 'en')).toBe('123,456,789,012.34567890123456789');
});

test('an amount shows all its significant digits and no others', () => {
  expect(formatAmount('0', 8, 'en')).toBe('0');
  expect(formatAmount('1', 8, 'en')).toBe('0.00000001');
  expect(formatAmount('100000000', 8, 'en')).toBe('1');
  expect(formatAmount('150000001', 8, 'en')).toBe('1.50000001');
  expect(formatAmount('123456', 2, 'en')).toBe('1,234.56');
  expect(formatAmount('1', 255, 'en')).toBe(`0.${'0'.repeat(254)}1`);
});

test('an amount is written in the digits and separators of the language', () => {
  expect(formatAmount('123456', 2, 'de')).toBe('1.234,56');
  expect(formatAmount('123456', 2, 'ar-EG')).toBe('١٬٢٣٤٫٥٦');
});

test('quantities are compared across decimals without loss', () => {
  expect(sameQuantity('1500000001', 9, '150000001', 8)).toBe(false);
  expect(sameQuantity('1500000010', 9, '150000001', 8)).toBe(true);
  expect(sameQuantity('9007199254740993', 0, '9007199254740992', 0)).toBe(false);
  expect(sameQuantity('0', 0, '0', 18)).toBe(true);
});

test('only a plain unsigned integer is an amount', () => {
  for (const text of ['0', '1', '18446744073709551615']) {
    expect(isCanonicalInteger(text)).toBe(true);
  }
  for (const text of ['', '01', '-1', '+1', '1.0', '1e3', ' 1', '1\n', '0x10', '١', '9'.repeat(300)]) {
    expect(isCanonicalInteger(text)).toBe(false);
  }
});
