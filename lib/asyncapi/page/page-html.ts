/**
 * Allows only files of the page itself. The component needs `'unsafe-eval'`: it compiles the schemas of AsyncAPI to functions when it
 * is loaded.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @param url of the request; links are relative to it, so that they work behind a proxy */
export function pageHtml(url: string, title: string): string {
  const base = basePath(url);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${base}component.css">
<link rel="stylesheet" href="${base}page.css">
</head>
<body>
<noscript>This page needs JavaScript. The document is at <a href="${base}asyncapi.json">asyncapi.json</a></noscript>
<div id="asyncapi" data-document="${base}asyncapi.json"></div>
<script src="${base}component.js"></script>
<script src="${base}page.js"></script>
</body>
</html>
`;
}

function basePath(url: string): string {
  const path = url.split('?')[0]!;
  return path.endsWith('/') ? './' : `./${escaped(path.split('/').at(-1)!)}/`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
