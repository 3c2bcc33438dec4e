/** How a network connection ended, for those whose packets may have ended it. */
export interface Loss {
  /** Whether the broker may have ended it over something that it was sent. */
  readonly hangUp: boolean;
  /** Whether it did so with the connection before as well. */
  readonly repeated: boolean;
  /** What the broker said in a DISCONNECT (5.0). */
  readonly reasonCode: number | undefined;
  /** Where the connection went, without credentials. */
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  /** Set by whoever has sent something that may have ended it. */
  suspected: boolean;
  /** Set by whoever has found out what ended it: then it is not another client that took over the session. */
  explained: boolean;
}
