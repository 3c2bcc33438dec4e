/** Shows the document in the component. */
export const PAGE_SCRIPT = `const root = document.getElementById('asyncapi');
fetch(root.dataset.document, { credentials: 'same-origin' })
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(response.status + ' ' + response.statusText))))
  .then((schema) => AsyncApiStandalone.render({ schema, config: { show: { sidebar: true, errors: true } } }, root))
  .catch((error) => { root.textContent = 'The document cannot be shown: ' + error.message; });
`;

/**
 * The component has no dark mode: inverting the lightness and keeping the hues gives one. The filter is on the root, since on any other
 * element it would break `position: fixed`.
 */
export const PAGE_STYLE = `html { color-scheme: only light; background: #fff; }
body { margin: 0; font-family: system-ui, sans-serif; }
#asyncapi { overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  html { background: #e8e8e8; filter: invert(1) hue-rotate(180deg); }
}
`;
