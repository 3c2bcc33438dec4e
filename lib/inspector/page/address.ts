// The state of the page is in its URL, so that it can be shared and survives a reload.

/** A query parameter of the URL. */
export function parameter(name: string): string {
  return new URLSearchParams(location.search).get(name) ?? '';
}

/** Sets query parameters; an empty value removes one. */
export function setParameters(values: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(undefined, '', text === '' ? location.pathname : `?${text}`);
}

/** URL of an endpoint below the page, whose own URL may end with a slash. */
export function below(path: string, query: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams(query).toString();
  return `${location.pathname.replace(/\/$/, '')}/${path}${parameters === '' ? '' : `?${parameters}`}`;
}

/** @throws Error with the server's message */
export async function ask<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
  return answerOf<T>(await fetch(below(path, query)));
}

/** Posts an action, with the header that a page of another site cannot send. */
export async function act<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json', 'X-MQTT-Inspector': '1' };
  return answerOf<T>(await fetch(below(path), { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answerOf<T>(response: Response): Promise<T> {
  const answer = (await response.json().catch(() => ({}))) as T & { message?: unknown };
  if (!response.ok)
    throw new Error(
      typeof answer.message === 'string' ? answer.message : `The server responded with ${response.status}.`,
    );
  return answer;
}
