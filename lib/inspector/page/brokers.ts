import { element } from './dom.js';

/** A select of brokers. */
export function brokerOptions(clients: readonly string[]): HTMLOptionElement[] {
  return clients.map((name) => {
    const option = element('option', {}, name === '' ? 'default' : name);
    option.value = name;
    return option;
  });
}
