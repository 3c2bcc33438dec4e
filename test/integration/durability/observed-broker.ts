import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAfterTest } from '../../support/closing.js';
import { connectionTo, startInProcessBroker, startMosquitto, type TestConnection } from '../../support/test-broker.js';

/** What a broker itself says that it sent to a client, and that the client acknowledged (PUBACK, PUBREC). */
export interface BrokerNote {
  readonly what: 'sent' | 'acknowledged';
  readonly clientId: string;
  readonly topic: string;
}

/** A broker that tells what happened, in order. Closed after the test. */
export interface ObservedBroker {
  connection(protocolVersion: 4 | 5): TestConnection;
  notes(): BrokerNote[];
}

export async function observedInProcessBroker(): Promise<ObservedBroker> {
  const { broker, url } = await startInProcessBroker();
  const notes: BrokerNote[] = [];
  broker.on('deliver', ({ clientId, packet: { topic } }) => notes.push({ what: 'sent', clientId, topic }));
  broker.on('acknowledge', ({ clientId, cmd, message: { topic } }) => {
    if (cmd !== 'pubcomp') notes.push({ what: 'acknowledged', clientId, topic });
  });
  return { connection: (protocolVersion) => connectionTo(url, protocolVersion), notes: () => notes };
}

/** `Sending PUBLISH to c1 (d0, q1, r0, m7, 'jobs/a', ... (1 bytes))`, `Received PUBACK from c1 (Mid: 7, RC:0)` */
const LOG_LINE =
  /(?:Sending PUBLISH to (?<receiver>\S+) \(d\d, q[12], r\d, m(?<sent>\d+), '(?<topic>[^']*)'|Received PUB(?:ACK|REC) from (?<sender>\S+) \(Mid: (?<acknowledged>\d+))/;

export async function observedMosquitto(): Promise<ObservedBroker> {
  const log = join(tmpdir(), `mosquitto-${randomUUID()}.log`);
  closeAfterTest(() => rmSync(log, { force: true }));
  const { url } = await startMosquitto({ config: [`log_dest file ${log}`] });
  return {
    connection: (protocolVersion) => connectionTo(url, protocolVersion),
    notes: () => notesIn(readFileSync(log, 'utf8')),
  };
}

function notesIn(log: string): BrokerNote[] {
  const topics = new Map<string, string>();
  const notes: BrokerNote[] = [];
  for (const line of log.split('\n')) {
    const { receiver, sent, topic, sender, acknowledged } = LOG_LINE.exec(line)?.groups ?? {};
    if (receiver !== undefined) {
      topics.set(`${receiver} ${sent}`, topic!);
      notes.push({ what: 'sent', clientId: receiver, topic: topic! });
    } else if (sender !== undefined) {
      const about = topics.get(`${sender} ${acknowledged}`);
      if (about !== undefined) notes.push({ what: 'acknowledged', clientId: sender, topic: about });
    }
  }
  return notes;
}

export function acknowledgedTopics(notes: readonly BrokerNote[]): Set<string> {
  return new Set(notes.filter(({ what }) => what === 'acknowledged').map(({ topic }) => topic));
}

/** Topics, each of one message, that a broker sent again although it had seen them acknowledged. */
export function sentAfterAcknowledgement(notes: readonly BrokerNote[]): string[] {
  const acknowledged = new Set<string>();
  return notes
    .filter(({ what, topic }) => {
      if (what === 'acknowledged') acknowledged.add(topic);
      return what === 'sent' && acknowledged.has(topic);
    })
    .map(({ topic }) => topic);
}
