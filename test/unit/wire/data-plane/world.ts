import { jest } from '@jest/globals';
import type { PublishPacket, QoS } from '../../../../lib/protocol/application-message.js';
import { ACK, NACK, rejection, type Decision } from '../../../../lib/protocol/delivery.js';
import type { InboundMessage } from '../../../../lib/wire/inbound/inbound-message.js';
import { InboundMessages } from '../../../../lib/wire/inbound/inbound-messages.js';
import { OutboundTopicAliases } from '../../../../lib/wire/outbound/outbound-topic-aliases.js';
import { Publisher } from '../../../../lib/wire/outbound/publisher.js';
import { FakeConnection, LogBook } from '../support/fake-connection.js';
import { turns, type Network } from '../support/network.js';
import { ConnectionWatch, type Watched } from './connection-watch.js';
import { ScriptedBroker, type BrokerMessage, type Question } from './scripted-broker.js';
import { SentMessage, type DecisionKind, type MessageKind, type Reaction } from './sent-message.js';
import { SlowStore } from './slow-store.js';

/** What stays the same through a run. */
export interface Setup {
  readonly protocolVersion: 4 | 5;
  readonly offline: 'queue' | 'fail';
  readonly aliases: number;
  readonly stored: boolean;
}

/** What a handler does with a message: later, at once, or when its reply has been taken. */
export type Handling = 'later' | DecisionKind | MessageKind;

/** A message that has been handed to a handler. */
export interface HandlerRun {
  readonly token: string;
  readonly message: InboundMessage;
  readonly session: number;
  decision: DecisionKind | undefined;
  givenUp: boolean;
}

/** What the broker says when it accepts a connection. */
export interface Acceptance {
  readonly resumed: boolean;
  readonly receiveMaximum: number;
}

export type LossKind = 'hang-up' | 'explained' | 'too-large';
export type Answer = 'success' | 'nobody' | 'refused';

const DECISIONS: Readonly<Record<DecisionKind, Decision>> = { ack: ACK, nack: NACK, reject: rejection(0x83, 'no') };
const REASON_CODES: Readonly<Record<Answer, number>> = { success: 0, nobody: 0x10, refused: 0x87 };
/** Rounds after which everything has to have come to its end. */
const MAX_ROUNDS = 400;

/** The data plane on connections and with a broker that do what the test says, and everything that has been seen of it. */
export class World implements Watched {
  readonly sent: SentMessage[] = [];
  readonly holders = new Map<number, SentMessage>();
  readonly violations: string[] = [];
  readonly protocolVersion: 4 | 5;
  private readonly connection: FakeConnection;
  private readonly publisher: Publisher;
  private readonly inbound: InboundMessages;
  private readonly broker = new ScriptedBroker();
  private readonly store = new SlowStore();
  private readonly handlings = new Map<string, Handling>();
  private readonly runs: HandlerRun[] = [];
  private watch: ConnectionWatch | undefined;
  private connections = 0;
  private session = 0;
  private resumed = false;
  private opened = true;
  private closing: Promise<void> | undefined;
  /** What is asked of handlers from now on is answered by an acknowledgement. */
  private finishing = false;

  constructor(private readonly setup: Setup) {
    this.protocolVersion = setup.protocolVersion;
    const { logger } = new LogBook();
    const messageIdProvider = new FewIdentifiers();
    this.connection = new FakeConnection(setup.protocolVersion, {
      mqtt: { messageIdProvider, ...(setup.stored && { outgoingStore: this.store.real }) },
    });
    this.inbound = new InboundMessages(this.connection.real, {
      logger,
      refusable: setup.protocolVersion === 5 ? [1, 2] : [],
      onMessage: (message) => this.handle(message),
    });
    this.publisher = new Publisher(this.connection.real, { offline: setup.offline, maxQueuedMessages: 6 }, logger);
  }

  violation(what: string): void {
    this.violations.push(what);
  }

  runOf(token: string): HandlerRun | undefined {
    return this.runs.findLast((run) => run.token === token);
  }

  // ---- what the application does

  publish(kind: MessageKind, reaction: Reaction | undefined): void {
    this.send(kind, () => this.react(reaction));
  }

  withdraw(which: number): void {
    const waiting = this.sent.filter((sent) => sent.waiting?.place);
    const sent = waiting[which % waiting.length];
    if (sent) sent.withdrawn = this.publisher.withdraw(sent.waiting!);
  }

  decide(which: number, decision: DecisionKind): void {
    const undecided = this.runs.filter((run) => !run.decision);
    const run = undecided[which % undecided.length];
    if (run) this.settle(run, decision);
  }

  close(graceful: boolean, error?: Error): void {
    if (graceful) {
      this.inbound.stopAccepting();
      for (const run of this.runs) if (!run.decision) run.givenUp = true;
      this.inbound.giveUpUndecided();
    }
    this.closing = this.connection.close(error);
  }

  // ---- what the connection does

  get connected(): boolean {
    return this.connection.network !== undefined;
  }

  connect({ resumed, receiveMaximum }: Acceptance, open: boolean): void {
    if (!resumed) this.session++;
    this.connections++;
    const limits = {
      receiveMaximum,
      receiveMaximumQoS2: this.protocolVersion === 5 ? receiveMaximum : Math.min(receiveMaximum, 2),
      topicAliasMaximum: this.setup.aliases,
    };
    this.broker.connected(resumed);
    const network = this.connection.accept({ sessionPresent: resumed, limits });
    if (this.setup.aliases > 0) network.writer.aliases = new OutboundTopicAliases(this.setup.aliases);
    this.watch = new ConnectionWatch(this, this.connections, this.session, resumed, this.connection.limits!);
    const { watch } = this;
    network.onWritten = (packet) => watch.written(packet);
    network.onReceived = (packet) => {
      if (this.connection.network === network) this.broker.read(packet);
    };
    this.opened = false;
    this.resumed = resumed;
    for (const message of [...this.broker.outgoing.values()]) this.deliverAgain(message);
    if (open) this.open();
  }

  /** The subscriptions stand. */
  open(): void {
    if (this.opened) return;
    this.opened = true;
    void this.publisher.open(this.resumed);
  }

  lose(kind: LossKind): void {
    this.connection.lose({
      hangUp: kind !== 'explained',
      reasonCode: kind === 'too-large' && this.protocolVersion === 5 ? 0x95 : undefined,
    });
  }

  resume(): void {
    this.connection.resume();
  }

  /** Resolves when nothing is being stored or gathered: how long such a message lives is decided already. */
  async handedOver(): Promise<void> {
    const { writer } = this.connection;
    const isBusy = (): boolean =>
      this.publisher['window']['storing'] !== undefined || (writer !== undefined && writer['from'] < writer['to']);
    while (isBusy()) await turns();
  }

  failAttempt(answered: boolean): void {
    this.connection.failAttempt(answered);
  }

  // ---- what the broker does

  setReading(reading: boolean): void {
    const { peer } = this.connection.network!;
    if (reading) peer.resume();
    else peer.pause();
  }

  /** @returns whether there was something to answer */
  answer(how: Answer): boolean {
    const question = this.usable && this.broker.questions.shift();
    if (!question) return false;
    if (question.kind === 'pingresp') this.connection.answerPing();
    else this.acknowledge(question.kind, question, how);
    return true;
  }

  deliver(qos: QoS, handling: Handling): void {
    if (!this.usable) return;
    const message = this.broker.publish(qos);
    this.handlings.set(message.token, handling);
    this.arrive(message, false);
  }

  /** @returns whether there was something to release */
  releaseNext(): boolean {
    const message = this.usable && this.broker.nextToRelease;
    if (!message) return false;
    this.releaseOne(message);
    return true;
  }

  // ---- the end

  /** Lets everything come to its end, and then looks whether it has. */
  async finish(): Promise<void> {
    this.finishing = true;
    for (let round = 0; round < MAX_ROUNDS && !this.closing && !this.isDone; round++) await this.advance();
    if (!this.closing) {
      if (!this.isDone) this.violation(`did not come to an end: ${this.unfinished.join(', ')}`);
      await turns(2); // the store answers, of what was withdrawn too
      if (this.publisher.pending > 0) this.violation(`${this.publisher.pending} messages are pending in the end`);
      if (this.store.packets.size > 0) this.violation('the store is not empty in the end');
      if (this.connection.identifiers['taken'].size > 0) this.violation('Packet Identifiers are taken in the end');
      const { pending, received } = { pending: this.inbound['pending'], received: this.inbound['received'] };
      if (pending.size + received.size > 0) this.violation('something is known of messages that are over');
      let emptied = false;
      void this.publisher.whenEmpty().then(() => (emptied = true));
      await turns();
      if (!emptied) this.violation('whenEmpty() does not resolve');
      this.close(false);
    }
    if (this.connected) this.setReading(true);
    await turns(3);
    jest.advanceTimersByTime(1_000); // a stream that is still open is destroyed
    await this.closing;
    await turns(3);
    for (const { place, ends, withdrawn } of this.sent) {
      if (ends !== (withdrawn ? 0 : 1)) this.violation(`message ${place} came to its end ${ends} times`);
    }
  }

  private get isDone(): boolean {
    return this.unfinished.length === 0 && this.broker.outgoing.size === 0 && this.runs.every((run) => run.decision);
  }

  private get unfinished(): string[] {
    return this.sent.filter(({ over, withdrawn }) => !over && !withdrawn).map(({ place }) => `message ${place}`);
  }

  private async advance(): Promise<void> {
    if (!this.connected) this.connect({ resumed: this.connections > 0, receiveMaximum: 3 }, true);
    this.open();
    this.setReading(true);
    await turns(2);
    for (const run of this.runs) this.settle(run, 'ack');
    let busy = false;
    while (this.releaseNext() || this.answer('success')) busy = true;
    if (busy || !this.connected) return;
    await turns(2);
    const isWithheld = [...this.broker.outgoing.values()].some(({ token }) => this.runOf(token)?.decision === 'nack');
    if (isWithheld && this.broker.questions.length === 0 && this.usable) this.lose('explained'); // delivered again
  }

  // ---- the middle of it

  private get usable(): boolean {
    return this.connection.writer !== undefined;
  }

  private get network(): Network {
    return this.connection.network!;
  }

  private send(kind: MessageKind, onEnd: () => void): void {
    const sent = new SentMessage(this.sent.length, this.connections, kind, onEnd);
    this.sent.push(sent);
    let within = true;
    sent.waiting = this.publisher.send(sent.message, (error, reasonCode) => {
      if (within) this.violation(`message ${sent.place} came to its end within the call`);
      this.end(sent, error, reasonCode);
    });
    within = false;
  }

  private end(sent: SentMessage, error: Error | undefined, reasonCode: number): void {
    sent.ends++;
    sent.error = error;
    sent.reasonCode = reasonCode;
    const what = `message ${sent.place}`;
    if (sent.withdrawn) this.violation(`${what} came to its end after it was withdrawn`);
    if (sent.saidToBeUnsent && sent.writes > 0) this.violation(`${what} is said to be unsent, and was sent: ${error}`);
    if (!error && sent.message.qos === 0 && sent.writes !== 1) this.violation(`${what} was taken, and is not written`);
    if (!error && sent.message.qos > 0 && sent.answer !== reasonCode)
      this.violation(`${what} ended with ${reasonCode}, and the broker said ${sent.answer}`);
    sent.onEnd();
  }

  private react(reaction: Reaction | undefined): void {
    if (reaction?.kind === 'publish') this.publish(reaction.message, reaction.again);
    else if (reaction) this.decide(reaction.which, reaction.decision);
  }

  private settle(run: HandlerRun, decision: DecisionKind): void {
    if (run.decision) return;
    run.decision = decision;
    run.message.decide(DECISIONS[decision]);
  }

  private handle(message: InboundMessage): void {
    const { packet } = message;
    if (packet.qos === 0) return;
    const token = packet.payload.toString();
    const before = this.runOf(token);
    const isKnown = !before?.decision || (packet.qos === 2 && this.saysReceived(before.decision));
    if (before?.session === this.session && isKnown) this.violation(`${token} was handed on twice [MQTT-4.3.3-10]`);
    const run: HandlerRun = { token, message, session: this.session, decision: undefined, givenUp: false };
    this.runs.push(run);
    const handling = this.finishing ? 'ack' : this.handlings.get(token)!;
    if (handling === 'later') return;
    if (typeof handling === 'string') this.settle(run, handling);
    else this.send(handling, () => this.settle(run, 'ack')); // as a server does it when a reply has been taken
  }

  /** Whether a QoS 2 message with that decision gets a PUBREC that says success. */
  private saysReceived(decision: DecisionKind): boolean {
    return decision === 'ack' || (decision === 'reject' && this.protocolVersion === 4);
  }

  private acknowledge(kind: Exclude<Question['kind'], 'pingresp'>, { identifier }: Question, how: Answer): void {
    const code = this.protocolVersion === 4 ? 0 : kind === 'pubcomp' && how !== 'success' ? 0x92 : REASON_CODES[how];
    const sent = this.holders.get(identifier)!;
    if (kind === 'pubrec' && code < 0x80) {
      sent.releasedIn = this.session;
      this.watch!.received(identifier);
    } else this.watch!.answered(identifier);
    if (kind !== 'pubcomp') sent.answer = code;
    if (!this.publisher.acknowledged(kind, identifier, code)) this.violation(`${kind} ${identifier} is not known`);
  }

  private deliverAgain(message: BrokerMessage): void {
    if (message.received) this.releaseOne(message);
    else this.arrive(message, true);
  }

  private arrive({ token, qos, identifier }: BrokerMessage, dup: boolean): void {
    if (qos > 0) this.watch!.arrived(identifier, qos as 1 | 2, token);
    const packet: PublishPacket = {
      topic: 'commands',
      payload: Buffer.from(token),
      qos,
      retain: false,
      dup,
      messageId: qos > 0 ? identifier : undefined,
    };
    this.inbound.receive(packet, this.network.writer);
  }

  private releaseOne(message: BrokerMessage): void {
    message.releasing = true;
    this.watch!.released(message.identifier);
    this.inbound.released(message.identifier, this.network.writer);
  }
}

/** Gives the same few identifiers again and again, whether they are free or not. */
class FewIdentifiers {
  private last = 0;

  allocate(): number {
    return (this.last = (this.last % 6) + 1);
  }

  getLastAllocated(): number {
    return this.last;
  }

  register(): boolean {
    return true;
  }

  deallocate(): void {}

  clear(): void {}
}
