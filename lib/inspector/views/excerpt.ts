import { describeThrown } from '../../errors/describe-thrown.js';

/** Characters of a topic or an error that are shown: a topic may have 65,535. */
const LONGEST = 300;

/** A text as it is shown: its beginning, where it is long. */
export function excerpt(text: string, longest = LONGEST): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** What was thrown, in words. */
export function excerptOfError(error: unknown): string {
  return excerpt(describeThrown(error));
}
