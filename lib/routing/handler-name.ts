import type { Handler } from './handler.js';

/** A handler in logs and errors: its pattern, with class and method if they are known. */
export function handlerName({ pattern, declaredAt }: Pick<Handler, 'pattern' | 'declaredAt'>): string {
  return declaredAt === undefined ? `"${pattern}"` : `"${pattern}" (${declaredAt})`;
}
