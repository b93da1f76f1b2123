/** Instants of a report: seconds since 1970-01-01T00:00:00Z, shown in UTC because a snapshot has no home. */

/** The last second that a JavaScript `Date` can hold. */
const LAST_SECOND = 8_640_000_000_000n;

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
