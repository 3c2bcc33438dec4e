import type { OptionChecks } from './option-checks.js';

/** What each option holds, by the end of the labels in its PEM text (RFC 7468). */
const KINDS = {
  ca: ['CERTIFICATE', 'certificate'],
  cert: ['CERTIFICATE', 'certificate'],
  key: ['PRIVATE KEY', 'private key'],
} as const;

export type PemOption = keyof typeof KINDS;

const LABEL = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;

/**
 * Finds a path, a file of another format, or the other half of a pair, given in place of a PEM text. OpenSSL refuses them too, with errors
 * that do not name the cause. The value is never shown: it may be a key.
 *
 * @returns whether nothing was found
 */
export function checkPem(checks: OptionChecks, name: PemOption, value: unknown, option: string = name): boolean {
  const [label, kind] = KINDS[name];
  for (const part of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
    const text = textOf(part);
    if (text === undefined) continue;
    const labels = [...text.matchAll(LABEL)].map(([, found]) => found!);
    if (labels.some((found) => found.endsWith(label))) continue;
    if (labels.length > 0)
      checks.report(
        option,
        `it is ${describe(labels)}, not a ${kind}`,
        `Give the ${kind}: ${name}: readFileSync(path)`,
      );
    else if (typeof part === 'string')
      checks.report(option, 'it is not PEM text', 'Give the content of the file, not its path: readFileSync(path)');
    else checks.report(option, 'it is not PEM text', 'Convert it to PEM; a .pfx or .p12 file is for pfx');
    return false;
  }
  return true;
}

/** The text of a PEM, alone or with a passphrase. */
function textOf(part: unknown): string | undefined {
  if (typeof part === 'string') return part;
  if (part instanceof Uint8Array) return Buffer.from(part).toString('latin1');
  return typeof part === 'object' && part !== null ? textOf((part as { readonly pem?: unknown }).pem) : undefined;
}

function describe(labels: readonly string[]): string {
  if (labels.some((label) => label.endsWith('PRIVATE KEY'))) return 'a private key';
  return labels.some((label) => label.endsWith('CERTIFICATE')) ? 'a certificate' : 'something else in PEM';
}
