const minute = 60_000;
const day = 24 * 60 * minute;

/** How long something is remembered after its use or end, in milliseconds. */
export const memory = {
  /** A device is told that its code has expired, not that it never was. */
  deviceCode: 10 * minute,
  /** Longer than any grace in which a spent refresh token still gives its successor. */
  salt: minute,
  /** A used code stays on record, so that a late replay still ends its family. */
  usedCode: day,
  /** Likewise a used refresh token. */
  usedRefreshToken: 30 * day,
  /** Of a budget, so that a call that began in its time can still be settled in it. */
  endedCounter: 7 * day,
  /** No access token lives longer than a day: after that a retired key could only verify what was forged with it. */
  endedSigningKey: 2 * day,
  /** An app that nobody here has registered and that nobody has let in. One with a document comes back when it is asked for. */
  unusedClient: 7 * day,
  /** A notice keeps others of its kind about the same back for so long; what could not be sent by then is stale. */
  notice: day,
  /** One that was only slow asks again long before. */
  deadInstance: day,
};
