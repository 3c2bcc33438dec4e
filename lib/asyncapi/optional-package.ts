/** Imports a package; undefined if it is not installed. Rethrows errors of the package itself. */
export async function optionalPackage<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Imports a package.
 *
 * @throws Error that says what to install
 */
export async function requiredPackage<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  const loaded = await optionalPackage(load);
  if (loaded) return loaded;
  throw new Error(`${purpose} needs the package ${name}, which is not installed. Install it: npm install ${name}`);
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
