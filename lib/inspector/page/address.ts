// What the page shows stands in its address: it can be sent to somebody, and survives a reload.

/** A parameter of the address. */
export function parameter(name: string): string {
  return new URLSearchParams(location.search).get(name) ?? '';
}

/** Sets parameters; those that are empty are left out. */
export function setParameters(values: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(undefined, '', text === '' ? location.pathname : `?${text}`);
}

/** Address of what the server gives beside the page, with or without a slash behind the page's own. */
export function below(path: string, query: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams(query).toString();
  return `${location.pathname.replace(/\/$/, '')}/${path}${parameters === '' ? '' : `?${parameters}`}`;
}

/** @throws Error with what the server says about it */
export async function ask<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
  return answerOf<T>(await fetch(below(path, query)));
}

/** Asks for a change: with a header that no other site can send. */
export async function act<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json', 'X-MQTT-Inspector': '1' };
  return answerOf<T>(await fetch(below(path), { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answerOf<T>(response: Response): Promise<T> {
  const answer = (await response.json().catch(() => ({}))) as T & { message?: unknown };
  if (!response.ok)
    throw new Error(typeof answer.message === 'string' ? answer.message : `The server answers ${response.status}.`);
  return answer;
}
