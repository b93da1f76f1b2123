/** Instants of a report: seconds since 1970-01-01T00:00:00Z, shown in UTC because a snapshot has no home. */

/** The last second that a JavaScript `Date` can hold. */
const LAST_SECOND = 8_640_000_000_000n;

/** A period of an attestation in words: a month or a day of the calendar; whatever else it says, as it says it. */
export function formatPeriod(period: string, language: string, month: 'long' | 'short' = 'long'): string {
  const found = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(period);
  const instant = found === null ? NaN : Date.parse(`${found[1]}-${found[2]}-${found[3] ?? '01'}T00:00:00Z`);
  if (Number.isNaN(instant)) {
    return period;
  }
  const day = found?.[3] === undefined ? {} : ({ day: 'numeric' } as const);
  return new Intl.DateTimeFormat(language, { timeZone: 'UTC', year: 'numeric', month, ...day }).format(instant);
}

/** Writes `seconds` as a date and time in UTC, or as bare seconds where no calendar reaches that far. */
export function formatInstant(seconds: bigint, language: string): string {
  if (seconds > LAST_SECOND) {
    return `${seconds} s`;
  }
  const instant = new Intl.DateTimeFormat(language, {
    timeZone: 'UTC',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  return `${instant.format(new Date(Number(seconds) * 1000))} UTC`;
}
