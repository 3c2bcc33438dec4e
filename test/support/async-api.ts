import { createRequire } from 'node:module';
import type { AsyncApiChannel, AsyncApiDocument, AsyncApiOperation } from '../../lib/asyncapi/index.js';

interface Diagnostic {
  readonly severity: number;
  readonly message: string;
  readonly path: readonly (string | number)[];
}

interface AsyncApiParser {
  parse(document: string): Promise<{ readonly document?: unknown; readonly diagnostics: readonly Diagnostic[] }>;
}

const { Parser } = createRequire(import.meta.url)('@asyncapi/parser') as { readonly Parser: new () => AsyncApiParser };

const ERROR = 0;
const WARNING = 1;

/** What the official parser says against a document, in JSON or YAML; advice is left out. */
export async function problemsOf(document: AsyncApiDocument | string): Promise<string[]> {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { diagnostics } = await new Parser().parse(text);
  return diagnostics
    .filter(({ severity }) => severity === ERROR || severity === WARNING)
    .map(({ message, path }) => `${path.join('.')}: ${message}`);
}

/** What a reference leads to. */
export function resolveReference<T>(document: AsyncApiDocument, { $ref }: { readonly $ref: string }): T {
  const path = $ref.split('/').slice(1);
  return path.reduce<unknown>((value, part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return (value as Record<string, unknown>)[name];
  }, document) as T;
}

export function channelOf(
  document: AsyncApiDocument,
  { channel }: Pick<AsyncApiOperation, 'channel'>,
): AsyncApiChannel {
  return resolveReference<AsyncApiChannel>(document, channel);
}

/** The Topic Filter that an address stands for, as a reader of the document makes it. */
export function filterOf({ address, parameters = {} }: Pick<AsyncApiChannel, 'address' | 'parameters'>): string {
  return filled({ address, parameters }, (name) => (parameters[name]!['x-wildcard'] as string | undefined) ?? '+');
}

/** The address with its parameters replaced; those with one value have that. */
export function filled(
  { address, parameters = {} }: Pick<AsyncApiChannel, 'address' | 'parameters'>,
  value: (name: string) => string,
): string {
  return address!.replaceAll(/\{([^}]+)\}/g, (_, name: string) => parameters[name]!.enum?.[0] ?? value(name));
}
