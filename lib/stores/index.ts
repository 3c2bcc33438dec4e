export { MemoryDeduplicationStore } from '../server/deduplication/memory-deduplication-store.js';
export type { Claim, DeduplicationStore } from '../protocol/deduplication-store.js';
export type { OutgoingMessage } from '../protocol/application-message.js';
export type { LevelClient, LevelEncodings, LevelOperation } from './level/level-client.js';
export { LevelOutgoingStore, type LevelOutgoingOptions } from './level/level-outgoing-store.js';
export {
  PostgresDeduplicationStore,
  type PostgresDeduplicationOptions,
} from './postgres/postgres-deduplication-store.js';
export type { SqlClient } from './postgres/sql-client.js';
export type { IoRedisClient, NodeRedisClient } from './redis/redis-client.js';
export { RedisDeduplicationStore, type RedisDeduplicationOptions } from './redis/redis-deduplication-store.js';
export { readReplies, writeReplies } from './stored-replies.js';
