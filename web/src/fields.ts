/** Strict reading of JSON objects: every field is taken once, and none may be left over. */
import { isCanonicalInteger } from './amount.ts';
import { integer } from './json.ts';

/** The text from the worker is not a report; `message` names the first place that is wrong. */
export class MalformedReport extends Error {
  override readonly name = 'MalformedReport';
}

/** The fields of one JSON object, each to be taken exactly once. */
export class Fields {
  private readonly path: string;
  private readonly left: Map<string, unknown>;

  constructor(path: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || integer(value) !== undefined) {
      throw new MalformedReport(`${path} is not an object`);
    }
    this.path = path;
    this.left = new Map(Object.entries(value));
  }

  text(name: string): string {
    return asText(...this.take(name));
  }

  amount(name: string): string {
    return asAmount(...this.take(name));
  }

  integer(name: string): bigint {
    return asInteger(...this.take(name));
  }

  byte(name: string): number {
    const [value, path] = this.take(name);
    const number = asInteger(value, path);
    if (number > 255n) {
      throw new MalformedReport(`${path} is above 255`);
    }
    return Number(number);
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[]): T {
    return asOneOf(...this.take(name), allowed);
  }

  nullable<T>(name: string, read: (value: unknown, path: string) => T): T | null {
    const [value, path] = this.take(name);
    return value === null ? null : read(value, path);
  }

  object(name: string): Fields {
    const [value, path] = this.take(name);
    return new Fields(path, value);
  }

  list<T>(name: string, read: (item: Fields) => T): T[] {
    const [value, path] = this.take(name);
    if (!Array.isArray(value)) {
      throw new MalformedReport(`${path} is not a list`);
    }
    return value.map((item, index) => read(new Fields(`${path}[${index}]`, item)));
  }

  texts(name: string): string[] {
    const [value, path] = this.take(name);
    if (!Array.isArray(value)) {
      throw new MalformedReport(`${path} is not a list`);
    }
    return value.map((item, index) => asText(item, `${path}[${index}]`));
  }

  textMap(name: string): ReadonlyArray<readonly [string, string]> {
    const [value, path] = this.take(name);
    const map = new Fields(path, value);
    return Array.from(map.left, ([key, text]) => [key, asText(text, `${path}.${key}`)] as const);
  }

  /** What another kind of report may say, and nobody here asks for. */
  leaveOut(name: string): void {
    this.left.delete(name);
  }

  /** Closes the object: what nobody took is unknown, and a report of another version. */
  done<T>(value: T): T {
    const [unknown] = this.left.keys();
    if (unknown !== undefined) {
      throw new MalformedReport(`${this.path}.${unknown} is unknown`);
    }
    return value;
  }

  private take(name: string): [unknown, string] {
    const path = `${this.path}.${name}`;
    if (!this.left.has(name)) {
      throw new MalformedReport(`${path} is missing`);
    }
    const value = this.left.get(name);
    this.left.delete(name);
    return [value, path];
  }
}

export function asText(value: unknown, path: string): string {
  if (typeof value !== 'string') {
    throw new MalformedReport(`${path} is not text`);
  }
  return value;
}

export function asInteger(value: unknown, path: string): bigint {
  const number = integer(value);
  if (number === undefined) {
    throw new MalformedReport(`${path} is not an integer`);
  }
  return number;
}

export function asAmount(value: unknown, path: string): string {
  const text = asText(value, path);
  if (!isCanonicalInteger(text)) {
    throw new MalformedReport(`${path} is not an amount`);
  }
  return text;
}

export function asOneOf<const T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  const text = asText(value, path);
  const known = allowed.find((word) => word === text);
  if (known === undefined) {
    throw new MalformedReport(`${path} is ${text}`);
  }
  return known;
}
