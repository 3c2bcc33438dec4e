/** A client broke the protocol: the connection ends with this reason code (section 4.13). */
export class ProtocolViolation extends Error {
  constructor(
    readonly reasonCode: number,
    problem: string,
  ) {
    super(problem);
    this.name = 'ProtocolViolation';
  }
}
