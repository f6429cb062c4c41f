import { createHash } from 'node:crypto';
import { Browser } from '../../../examples/demo/browser.ts';
import { sha256 } from '../../../src/lib/hash.ts';
import { refreshGraceSeconds } from '../../../src/tokens/refresh_token.ts';
import { password, type RegisteredClient } from '../../support/broker.ts';
import { call } from './connect.ts';
import type { Random } from './random.ts';

/** What must never be seen, in words. */
export interface AppFaults {
  /** A spent code or refresh token was good for tokens. */
  readonly spentAccepted: string[];
  /** A call was not refused although its grant or family has ended. */
  readonly endedServed: string[];
  /** A crash in the middle of its request kept a client from going on. */
  readonly lockedOut: string[];
  /** The server was up and answered something else than it had to. */
  readonly unexpected: string[];
}

/** How often apps did something. */
export interface AppCounts {
  codes: number;
  refreshes: number;
  revocations: number;
  /** Requests for tokens that a crash left without an answer, and those of them that had taken effect. */
  unanswered: number;
  unansweredInEffect: number;
  /** Spent codes and refresh tokens that were presented again. */
  replays: number;
}

/** What the database says of spent codes and refresh tokens, by hash: the hash of the successor of a refresh token. */
export type Spent = ReadonlyMap<string, string | null>;

/** A client of the broker, with its user at a browser, that remembers all it was told. */
export interface App {
  /** Authorizes, calls, refreshes and revokes until the server is gone. */
  live(): Promise<void>;
  /** Goes on after a restart, repeats what was left unanswered, and tries all that must not be good any more. */
  recover(spent: Spent): Promise<void>;
  /** Tries again what was spent or ended in any round. */
  replayAll(): Promise<void>;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

type Form = Readonly<Record<string, string>>;

/** The latest tokens of one authorization. */
interface Family {
  readonly tokens: Tokens;
  /** What they were refreshed by; null for the first ones. */
  readonly refreshedBy: Form | null;
}

const refreshForm = ({ refresh_token }: Tokens): Form => ({ grant_type: 'refresh_token', refresh_token });
const hashOf = (form: Form) => sha256(form.code ?? form.refresh_token ?? '');

interface AppOptions {
  readonly url: string;
  /** Tells the apps of a loop apart. */
  readonly index: number;
  readonly email: string;
  readonly client: RegisteredClient;
  readonly random: Random;
  readonly faults: AppFaults;
  readonly counts: AppCounts;
  readonly isUp: () => boolean;
}

export function createApp(options: AppOptions): App {
  const { url, index, email, client, random, faults, counts, isUp } = options;
  const name = `app-${index}`;
  const browser = new Browser();
  const credentials = { client_id: client.id, client_secret: client.secret ?? '' };
  const allSpent: Form[] = [];
  const allEnded: string[] = [];
  /** Of this round: requests for tokens that were answered and must not be again, and access tokens that are ended. */
  let spent: Form[] = [];
  let ended: string[] = [];
  let family: Family | null = null;
  let unanswered: Form | null = null;
  let askedAt = 0;
  /** The revocation under way, which may or may not have taken effect when the server goes. */
  let revoking: (() => Promise<void>) | null = null;
  let calls = 0;

  const post = (path: string, form: Form) =>
    fetch(url + path, { method: 'POST', body: new URLSearchParams({ ...form, ...credentials }) });

  /** @returns null when the broker calls it an invalid grant */
  const exchange = async (form: Form): Promise<Tokens | null> => {
    const response = await post('/oauth/token', form);
    const body = (await response.json()) as Tokens & { readonly error?: string };
    if (response.status === 200) return body;
    // 429: so many that it is taken for guessing.
    if ((response.status === 400 || response.status === 429) && body.error === 'invalid_grant') return null;
    throw new Error(`${form.grant_type} was answered ${response.status} ${JSON.stringify(body)}`);
  };

  /** Sends a request that is good, and remembers it in case that no answer comes. */
  const ask = async (form: Form): Promise<Tokens> => {
    unanswered = form;
    askedAt = performance.now();
    const tokens = await exchange(form);
    unanswered = null;
    if (!tokens) throw new Error(`a good ${form.grant_type} was refused`);
    return tokens;
  };

  /** Signs in where need be, approves the app, and gives what the app would redeem. */
  const authorize = async (): Promise<Form> => {
    const verifier = 'v'.repeat(43);
    const redirectUri = client.redirectUris[0] ?? '';
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      scope: 'openai:text',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    let page = await browser.open(`${url}/oauth/authorize?${query}`);
    if (page.url.includes('/sign-in')) page = await browser.submit(page, '/sign-in', { email, password });
    const choice = { scope: 'openai:text', life: 'day', decision: 'approve' };
    // The app's address is nowhere; where the browser is sent is all that is wanted.
    await browser.submit(page, new URL(page.url).pathname, choice).catch(() => {});
    const code = new URL(browser.lastUrl).searchParams.get('code');
    if (code === null) throw new Error(`authorizing led to ${browser.lastUrl}`);
    return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
  };

  const callWith = async (token: string, stream: boolean): Promise<void> => {
    calls += 1;
    const response = await call(url, token, `${name}-${calls}`, { stream });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`a call was answered ${response.status} ${text}`);
  };

  /** Is under way until its grant or the server ends. */
  const callForLong = (token: string): void => {
    calls += 1;
    call(url, token, `sandbox-long-${(index + 1) * 1_000_000 + calls}`)
      .then((response) => response.text())
      .catch(() => {});
  };

  const refresh = async ({ tokens, refreshedBy }: Family): Promise<void> => {
    const form = refreshForm(tokens);
    const next = await ask(form);
    counts.refreshes += 1;
    // Its successor is used now, which ends the grace in which it would give it again.
    if (refreshedBy) spent.push(refreshedBy);
    family = { tokens: next, refreshedBy: form };
  };

  /** Ends the tokens of a family, by the app; or the grant, by its user. */
  const revoke = async ({ tokens, refreshedBy }: Family, by: 'app' | 'user'): Promise<void> => {
    if (by === 'app') {
      const response = await post('/oauth/revoke', { token: tokens.refresh_token });
      if (response.status !== 200) throw new Error(`revoking was answered ${response.status}`);
    } else {
      const page = await browser.open(`${url}/apps`);
      if (page.text.includes('Revoke access')) await browser.submit(page, '/revoke', {});
    }
    counts.revocations += 1;
    ended.push(tokens.access_token);
    spent.push(refreshForm(tokens), ...(refreshedBy ? [refreshedBy] : []));
    family = null;
  };

  const liveOnce = async () => {
    const form = await authorize();
    const tokens = await ask(form);
    counts.codes += 1;
    spent.push(form);
    family = { tokens, refreshedBy: null };
    callForLong(tokens.access_token);
    for (let refreshes = random.between(0, 4); refreshes > 0; refreshes--) {
      const { access_token } = family.tokens;
      const kinds = Array.from({ length: 4 }, () => random.between(0, 2) === 0);
      await Promise.all([refresh(family), ...kinds.map((stream) => callWith(access_token, stream))]);
    }
    const by = random.shuffled(['app', 'app', 'user', 'nobody', 'nobody'] as const)[0];
    if (by === 'app' || by === 'user') {
      const ending = family;
      revoking = () => revoke(ending, by);
      await revoking();
      revoking = null;
      await expectEnded(ended.slice(-1));
    }
  };

  const expectSpent = async (forms: readonly Form[]) => {
    for (const form of forms) {
      counts.replays += 1;
      if (await exchange(form)) faults.spentAccepted.push(`${name}: ${form.grant_type}`);
    }
  };

  const expectEnded = async (tokens: readonly string[]) => {
    for (const token of tokens) {
      const response = await call(url, token, `${name}-ended`);
      await response.text();
      if (response.status !== 401) faults.endedServed.push(`${name}: answered ${response.status}`);
    }
  };

  /** A code whose redemption was not answered is spent or it is good, and afterwards it is spent. */
  const redeemAgain = async (form: Form, wasSpent: boolean) => {
    const tokens = await exchange(form);
    if (tokens && wasSpent) faults.spentAccepted.push(`${name}: a code without an answer`);
    if (!tokens && !wasSpent) faults.lockedOut.push(`${name}: a code without an answer`);
    spent.push(form);
  };

  /** A refresh is repeated within the grace: each time it gives the same successor. @param known hash of it */
  const refreshAgain = async (form: Form, known: string | null | undefined) => {
    // A machine so slow that the grace may be over shows nothing here.
    if (performance.now() - askedAt > 1000 * (refreshGraceSeconds - 2)) {
      family = null;
      return;
    }
    // What gave this token: it is used now, or will be in a moment.
    if (family?.refreshedBy && family.refreshedBy !== form) spent.push(family.refreshedBy);
    const again = [await exchange(form), await exchange(form)] as const;
    const successors = again.map((tokens) => tokens && sha256(tokens.refresh_token));
    const isSame = successors[0] !== null && new Set([...successors, known ?? successors[0]]).size === 1;
    if (!isSame) faults.lockedOut.push(`${name}: a refresh, repeated`);
    family = again[0] && { tokens: again[0], refreshedBy: form };
  };

  /** Finds out where the crash left the app. */
  const resume = async (spentBefore: Spent) => {
    if (unanswered) {
      const form = unanswered;
      const wasSpent = spentBefore.has(hashOf(form));
      counts.unanswered += 1;
      if (wasSpent) counts.unansweredInEffect += 1;
      unanswered = null;
      if (form.code) await redeemAgain(form, wasSpent);
      else await refreshAgain(form, spentBefore.get(hashOf(form)));
    } else if (revoking) {
      await revoking();
    } else if (family?.refreshedBy) {
      await refreshAgain(family.refreshedBy, sha256(family.tokens.refresh_token));
    }
    revoking = null;
  };

  const untilGone = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (isUp()) faults.unexpected.push(`${name}: ${error}`);
    }
  };

  return {
    live: () =>
      untilGone(async () => {
        while (isUp()) await liveOnce();
      }),

    recover: (spentBefore) =>
      untilGone(async () => {
        await resume(spentBefore);
        if (family) {
          await refresh(family);
          await callWith(family.tokens.access_token, true);
        }
        await expectSpent(random.shuffled(spent));
        if (family) {
          // What it began with has just been presented again, which ends all of it.
          const latest = refreshForm(family.tokens);
          await expectSpent([latest]);
          spent.push(latest);
          ended.push(family.tokens.access_token);
          family = null;
        }
        await expectEnded(ended);
        allSpent.push(...spent);
        allEnded.push(...ended);
        spent = [];
        ended = [];
      }),

    replayAll: () =>
      untilGone(async () => {
        await expectSpent(allSpent);
        await expectEnded(allEnded);
      }),
  };
}
