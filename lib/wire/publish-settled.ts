/**
 * Told once what became of a message: taken by the socket (QoS 0), or acknowledged by the broker (QoS 1 and 2).
 *
 * @param reasonCode of the acknowledgement: 0x10 says that nobody subscribes to the topic
 */
export type PublishSettled = (error: Error | undefined, reasonCode: number) => void;
