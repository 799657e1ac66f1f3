// Keeps what node-oidc-provider stores in one Redis. One round trip a call, two where an index is read.
import Redis from 'ioredis';

const client = new Redis(process.env.PEER_REDIS_URL, { enableAutoPipelining: true });

// Models of which a grant knows the members, so that they end together.
const OF_A_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode']);

const GRANT_SECONDS = 14 * 24 * 3600;

const grantKey = (grantId) => `grant:${grantId}`;
const uidKey = (uid) => `uid:${uid}`;
const userCodeKey = (code) => `user-code:${code}`;

export default class RedisAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    const transaction = client.multi();
    transaction.hset(key, 'payload', JSON.stringify(payload));
    if (expiresIn) transaction.expire(key, expiresIn);
    if (payload.grantId && OF_A_GRANT.has(this.model)) {
      transaction.sadd(grantKey(payload.grantId), key);
      transaction.expire(grantKey(payload.grantId), GRANT_SECONDS);
    }
    if (payload.uid) transaction.set(uidKey(payload.uid), id, 'EX', expiresIn);
    if (payload.userCode) transaction.set(userCodeKey(payload.userCode), id, 'EX', expiresIn);
    await transaction.exec();
  }

  async find(id) {
    const [payload, consumed] = await client.hmget(this.key(id), 'payload', 'consumed');
    if (!payload) return undefined;
    return consumed ? { ...JSON.parse(payload), consumed: Number(consumed) } : JSON.parse(payload);
  }

  async findByUid(uid) {
    const id = await client.get(uidKey(uid));
    return id ? this.find(id) : undefined;
  }

  async findByUserCode(userCode) {
    const id = await client.get(userCodeKey(userCode));
    return id ? this.find(id) : undefined;
  }

  async consume(id) {
    await client.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000));
  }

  async destroy(id) {
    await client.unlink(this.key(id));
  }

  async revokeByGrantId(grantId) {
    const members = await client.smembers(grantKey(grantId));
    await client.unlink(grantKey(grantId), ...members);
  }
}
