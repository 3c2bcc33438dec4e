import type { OptionChecks } from './option-checks.js';

const TCP_PROTOCOLS = ['mqtt:', 'mqtts:', 'tcp:', 'ssl:', 'tls:'];
const PROTOCOLS = [...TCP_PROTOCOLS, 'ws:', 'wss:'];

const ENCODE = 'Encode it with encodeURIComponent(), or give username and password as options';

/** The URL, and what is not given together with it. */
interface Address {
  readonly url?: unknown;
  readonly host?: unknown;
  readonly servers?: unknown;
}

/** The URL is not shown: it may contain a password. */
export function checkUrl(checks: OptionChecks, { url, host, servers }: Address): void {
  if (url === undefined) return;
  if (host !== undefined || servers !== undefined)
    checks.report('url', 'it is given together with host or servers', 'Keep one of them');
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  const tcp = parsed !== undefined && TCP_PROTOCOLS.includes(parsed.protocol);
  if ((!parsed || tcp || parsed.hash !== '') && endsWithinPassword(url))
    checks.report('url', 'its user name or password contains #, / or ?, which end them in a URL', ENCODE);
  else if (!parsed) checks.report('url', 'it is not a valid URL', 'Give a URL such as mqtt://localhost:1883');
  else if (!PROTOCOLS.includes(parsed.protocol))
    checks.report(
      'url',
      `the protocol "${parsed.protocol}" is not supported`,
      'Use mqtt://, mqtts://, ws:// or wss://',
    );
  else if (tcp && (parsed.pathname.length > 1 || parsed.search || parsed.hash))
    checks.report('url', 'a path, query or fragment has no meaning over TCP', 'Remove it, or use ws:// or wss://');
  else if (!isDecodable(parsed.username) || !isDecodable(parsed.password))
    checks.report('url', 'its user name or password contains a % that does not encode anything', ENCODE);
}

/** Whether the part with user name, password and host ends before an @. */
function endsWithinPassword(url: unknown): boolean {
  return /^[^/]*:\/\/[^/?#]*[/?#].*@/.test(String(url));
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
