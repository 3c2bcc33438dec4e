/** A client violated the protocol: the connection is closed with this reason code (section 4.13). */
export class ProtocolViolation extends Error {
  constructor(
    readonly reasonCode: number,
    problem: string,
  ) {
    super(problem);
    this.name = 'ProtocolViolation';
  }
}
