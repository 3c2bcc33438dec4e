import type { MqttBroker } from '../../lib/testing/index.js';
import { numberIn } from './messages.js';

const ANSWERS = new Set(['puback', 'pubrec', 'pubcomp']);
const MOST_PROBLEMS = 20;

/**
 * Looks at the acknowledgements of one client of the in-process broker: each must answer what was sent on the same network
 * connection, and once.
 */
export class AcknowledgementWatch {
  readonly problems: string[] = [];
  /** By Packet Identifier: what is due on the present connection. */
  private readonly due = new Map<number, string>();

  /** @param onAcknowledged told of each message that the client has taken: PUBACK, or PUBREC */
  constructor(broker: MqttBroker, clientId: string, onAcknowledged: (topic: string, n: number) => void) {
    broker.on('packet', ({ direction, clientId: whose, packet }) => {
      if (whose !== clientId) return;
      if (packet.cmd === 'connect') this.due.clear();
      else if (direction === 'in' && ANSWERS.has(packet.cmd)) this.answered(packet.cmd, packet.messageId!);
      else if (packet.cmd === 'publish' && packet.qos > 0)
        this.due.set(packet.messageId!, packet.qos === 1 ? 'puback' : 'pubrec');
      else if (packet.cmd === 'pubrel') this.due.set(packet.messageId!, 'pubcomp');
    });
    broker.on('acknowledge', ({ clientId: whose, cmd, message: { topic, payload } }) => {
      if (whose === clientId && cmd !== 'pubcomp') onAcknowledged(topic, numberIn(payload));
    });
  }

  private answered(cmd: string, identifier: number): void {
    const due = this.due.get(identifier) ?? 'nothing';
    this.due.delete(identifier);
    if (cmd !== due && this.problems.length < MOST_PROBLEMS)
      this.problems.push(`${cmd} ${identifier} came where ${due} was due on its connection`);
  }
}
