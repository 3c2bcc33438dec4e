import { describeThrown } from '../../errors/describe-thrown.js';

/** Characters of a topic or an error that are shown; a topic may have up to 65,535. */
const LONGEST = 300;

/** A text, cut off where it is long. */
export function excerpt(text: string, longest = LONGEST): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Describes a thrown value. */
export function excerptOfError(error: unknown): string {
  return excerpt(describeThrown(error));
}
