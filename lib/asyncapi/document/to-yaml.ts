import { requiredPackage } from '../optional-package.js';
import type { AsyncApiDocument } from './async-api-document.js';

/** The document in YAML, without anchors and folded lines, so that diffs are small. */
export async function toYaml(document: AsyncApiDocument): Promise<string> {
  const { stringify } = await requiredPackage('yaml', 'A document in YAML', () => import('yaml'));
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
