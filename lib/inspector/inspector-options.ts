import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { OptionChecks } from '../options/option-checks.js';
import type { PreviewOptions } from './views/payload-preview.js';

/** An action that a viewer may take. */
export type MqttInspectorAction = 'publish' | 'request' | 'replay' | 'discard';

/** How payloads are previewed. */
export interface MqttInspectorPayloads {
  /** Further names, or parts of names, of fields and User Properties whose values are masked. `password`, `token`, `secret` and similar names always are. */
  mask?: readonly string[];
  /** Characters of a payload that are shown. Default 2_000. */
  maxCharacters?: number;
}

/** Options of {@link MqttInspectorModule}. */
export interface MqttInspectorOptions {
  /** Path of the page, below the application's global prefix. Default `inspector`. */
  path?: string;
  /** Guards of the page, as classes or objects, in addition to the application's global guards. At least one is required with `NODE_ENV=production`. */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Modules whose providers the guards inject. Global modules need not be listed. */
  imports?: ModuleMetadata['imports'];
  /** Actions that viewers may take. Default none: the page is read-only. */
  allow?: readonly MqttInspectorAction[];
  /** Whether viewers can open payloads, User Properties and replies; the values of sensitive names are masked. Default false. */
  payloads?: boolean | MqttInspectorPayloads;
}

export interface ResolvedInspectorOptions {
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly allow: ReadonlySet<MqttInspectorAction>;
  /** Undefined: payloads are hidden. */
  readonly payloads: PreviewOptions | undefined;
}

const ACTIONS: readonly MqttInspectorAction[] = ['publish', 'request', 'replay', 'discard'];
const ALWAYS_MASKED = [
  'pass',
  'pwd',
  'secret',
  'token',
  'authorization',
  'cookie',
  'api-?_?key',
  'credential',
  'private',
];
const MAX_CHARACTERS = 2_000;

/** @throws InvalidOptionsError with all problems */
export function resolveInspectorOptions(
  options: MqttInspectorOptions = {},
  inProduction = process.env['NODE_ENV'] === 'production',
): ResolvedInspectorOptions {
  const { path = 'inspector', guards = [], imports = [], allow = [], payloads = false } = options;
  const checks = new OptionChecks();
  checks.wellFormed('path', path, pathProblem, 'Give a path such as admin/mqtt');
  checks.list('guards', guards, (option, guard) => {
    if (!isGuard(guard)) checks.report(option, 'it is not a guard', 'Give a class or an object with canActivate()');
  });
  checks.list('allow', allow, (option, action) => checks.oneOf(option, action, ACTIONS));
  const previews = typeof payloads === 'boolean' ? {} : payloads;
  if (checks.object('payloads', previews)) {
    checks.list('payloads.mask', previews.mask, (option, name) => checks.text(option, name));
    checks.integer('payloads.maxCharacters', previews.maxCharacters, { min: 1, max: 65_536 });
  }
  if (inProduction && guards.length === 0)
    checks.report(
      'guards',
      'with NODE_ENV=production the page must not be open to everyone',
      'Give a guard, or do not import MqttInspectorModule there',
    );
  checks.done();
  return {
    path: path.replaceAll(/^\/+|\/+$/g, ''),
    guards,
    imports,
    allow: new Set(allow),
    payloads: payloads === false ? undefined : previewOptions(previews),
  };
}

function previewOptions({ mask = [], maxCharacters = MAX_CHARACTERS }: MqttInspectorPayloads): PreviewOptions {
  const names = [...ALWAYS_MASKED, ...mask.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))];
  return { mask: new RegExp(names.join('|'), 'i'), maxCharacters };
}

function pathProblem(path: string): string | undefined {
  return /^\/*[\w.~-]+(\/[\w.~-]+)*\/*$/.test(path) ? undefined : `${JSON.stringify(path)} is not a path`;
}

function isGuard(guard: unknown): boolean {
  const target: unknown = typeof guard === 'function' ? guard.prototype : guard;
  return typeof (Object(target) as Partial<CanActivate>).canActivate === 'function';
}
