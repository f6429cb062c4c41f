import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { unverifiedUserLimit } from '../../src/store/trust.ts';
import { perform, successorHash, type Task } from './tasks.ts';
import {
  type Arena,
  callOf,
  createClient,
  createGrant,
  createParty,
  createSigningKey,
  day,
  found,
  issueCode,
  minute,
  newFamily,
  newSigningKey,
  openRequest,
  operator,
  type Party,
  settlementOf,
  termsFor,
  unique,
} from './world.ts';

/** Performs tasks at once, spread over the contestants, and gives their outcomes in order. */
type Race = (tasks: readonly Task[]) => Promise<readonly string[]>;

/** Between two stores of this process. */
function inOneProcess(arena: () => Arena): Race {
  return (tasks) => {
    const { stores } = arena();
    return Promise.all(tasks.map((task, index) => perform(index % 2 ? stores[1] : stores[0], task)));
  };
}

/** Between two processes, each with a store of its own, that begin in the same millisecond. */
function acrossProcesses(arena: () => Arena): Race {
  const racers: ChildProcess[] = [];
  beforeAll(async () => {
    const { opener, location } = arena();
    const script = new URL('./racer.ts', import.meta.url);
    for (let started = 0; started < 2; started++) {
      racers.push(fork(script, [opener, location], { serialization: 'advanced', execArgv: [] }));
    }
    await Promise.all(racers.map((racer) => once(racer, 'message')));
  });
  afterAll(async () => {
    await Promise.all(
      racers.map((racer) => {
        const exited = once(racer, 'exit');
        racer.disconnect();
        return exited;
      }),
    );
  });
  return async (tasks) => {
    const startAt = Date.now() + 20;
    const shares = await Promise.all(
      racers.map(async (racer, index) => {
        const answer = once(racer, 'message');
        racer.send({ startAt, tasks: tasks.filter((_, at) => at % racers.length === index) });
        const [outcomes] = await answer;
        return outcomes as string[];
      }),
    );
    return tasks.map((_, at) => found(shares[at % racers.length]?.[Math.floor(at / racers.length)]));
  };
}

const tries = 20;

export function races(arena: () => Arena): void {
  // The racing processes go by the real time.
  beforeEach(() => {
    arena().clock.now = Date.now();
  });

  describe.each([
    ['two stores in one process', inOneProcess],
    ['two processes', acrossProcesses],
  ] as const)('between %s', (_name, contest) => {
    const race = contest(arena);
    const many = <T>(make: (index: number) => T): T[] =>
      Array.from({ length: tries }, (_, index) => make(index));
    const count = (outcomes: readonly string[], outcome: string) =>
      outcomes.filter((each) => each === outcome).length;

    test('64 160 a code is redeemed once, and the family that began is over', async () => {
      const { stores } = arena();
      const { attempt, terms } = await issueCode(arena());
      const families = many(() => newFamily(arena().clock.now));
      const outcomes = await race(families.map((family) => ({ do: 'redeem', args: [attempt, family] })));
      expect(count(outcomes, 'redeemed')).toBe(1);
      expect(count(outcomes, 'replayed')).toBe(tries - 1);
      const begun = await Promise.all(families.map(({ id }) => stores[0].grants.findStanding(id)));
      expect(begun.filter((standing) => standing !== null)).toMatchObject([
        { family: { grantId: terms.id, revokedReason: 'code_replay' } },
      ]);
    });

    test('a signing key that is due is succeeded by one', async () => {
      const { stores } = arena();
      const kid = await createSigningKey(arena());
      const next = many(newSigningKey);
      const outcomes = await race(next.map((key) => ({ do: 'succeed_key', kid, next: key })));
      expect(count(outcomes, 'succeeded')).toBe(1);
      expect(count(outcomes, 'late')).toBe(tries - 1);
      const listed = (await stores[0].signingKeys.listSigningKeys()).map((key) => key.kid);
      expect(next.filter((key) => listed.includes(key.kid))).toHaveLength(1);
    });

    test('155 160 people who approve an app at once that nobody vouches for do not exceed its limit', async () => {
      const { stores } = arena();
      const client = await createClient(stores[0], (await createParty(stores[0])).user);
      const parties = await Promise.all(many(async () => ({ ...(await createParty(stores[0])), client })));
      const outcomes = await race(
        await Promise.all(
          parties.map(async (party) => {
            const { id, browserHash } = await openRequest(arena(), party);
            return { do: 'approve', args: [id, browserHash, termsFor(party)] } as const;
          }),
        ),
      );
      expect(count(outcomes, 'approved')).toBe(unverifiedUserLimit);
      expect(count(outcomes, 'too_many_users')).toBe(tries - unverifiedUserLimit);
    });

    test('61 67 160 a guessed verifier burns a code at the fifth try and never begins two families', async () => {
      const { attempt } = await issueCode(arena());
      const guess = { ...attempt, codeChallenge: 'guess' };
      const outcomes = await race(
        many(() => ({ do: 'redeem', args: [guess, newFamily(arena().clock.now)] })),
      );
      expect(count(outcomes, 'mismatch')).toBe(5);
      expect(count(outcomes, 'unknown')).toBe(tries - 5);
    });

    test('73 160 parallel uses of a refresh token within the grace all give one successor', async () => {
      const { stores, clock } = arena();
      const { family, refreshTokenHash: hash } = await createGrant(arena());
      const expiresAt = clock.now + day;
      const outcomes = await race(
        many(() => ({ do: 'rotate', hash, salt: Buffer.from(unique('salt')), expiresAt, graceSeconds: 10 })),
      );
      expect(new Set(outcomes).size).toBe(1);
      const standing = found(await stores[0].grants.findStanding(family.id));
      expect(standing.family).toMatchObject({ seq: 2, revokedAt: null });
      const successor = await stores[0].authorizations.findRefreshToken(found(outcomes[0]));
      expect(successor).toMatchObject({ token: { seq: 2, usedAt: null } });
    });

    test('without a grace, parallel uses of a refresh token leave no live branch', async () => {
      const { stores, clock } = arena();
      const { family, refreshTokenHash: hash } = await createGrant(arena());
      const expiresAt = clock.now + day;
      const outcomes = await race(
        many(() => ({ do: 'rotate', hash, salt: Buffer.from(unique('salt')), expiresAt, graceSeconds: -1 })),
      );
      expect(count(outcomes, 'reused')).toBe(tries - 1);
      const standing = found(await stores[0].grants.findStanding(family.id));
      expect(standing.family).toMatchObject({ seq: 2, revokedReason: 'refresh_reuse' });
    });

    test('75 160 no refresh survives a revocation that it races', async () => {
      const { stores, clock } = arena();
      const { grant, refreshTokenHash } = await createGrant(arena());
      const expiresAt = clock.now + day;
      const rotation: Task = {
        do: 'rotate',
        hash: refreshTokenHash,
        salt: Buffer.from('salt'),
        expiresAt,
        graceSeconds: 10,
      };
      const outcomes = await race(
        many((index) => (index === 9 ? { do: 'revoke_grant', id: grant.id } : rotation)),
      );
      expect(outcomes[9]).toBe('revoked');
      const hash = found(
        outcomes.find((outcome) => outcome !== 'ended' && outcome !== 'revoked') ?? refreshTokenHash,
      );
      const next = { salt: Buffer.from('x'), expiresAt, successorHash, graceSeconds: 10, proof: null };
      expect(await stores[0].authorizations.rotateRefreshToken(hash, next)).toEqual({ kind: 'ended' });
    });

    test('a request is decided once, for or against', async () => {
      const { stores } = arena();
      const party = await createParty(stores[0]);
      const request = await openRequest(arena(), party);
      const terms = termsFor(party);
      const outcomes = await race(
        many((index) =>
          index % 3
            ? { do: 'approve', args: [request.id, request.browserHash, terms] }
            : { do: 'deny', args: [request.id, request.browserHash, party.user.id] },
        ),
      );
      expect(count(outcomes, 'approved') + count(outcomes, 'denied')).toBe(1);
      expect(count(outcomes, 'not_open')).toBe(tries - 1);
    });

    test('approvals of many requests make one grant between a user and a client', async () => {
      const { stores } = arena();
      const party = await createParty(stores[0]);
      const requests = [];
      for (let made = 0; made < tries; made++) requests.push(await openRequest(arena(), party));
      const outcomes = await race(
        requests.map(({ id, browserHash }) => ({ do: 'approve', args: [id, browserHash, termsFor(party)] })),
      );
      expect(count(outcomes, 'approved')).toBe(1);
      expect(count(outcomes, 'other_grant')).toBe(tries - 1);
      expect(await stores[0].grants.listGrants({ userId: party.user.id })).toHaveLength(1);
    });

    test('a grant is revoked once', async () => {
      const { grant } = await createGrant(arena());
      const outcomes = await race(many(() => ({ do: 'revoke_grant', id: grant.id })));
      expect(count(outcomes, 'revoked')).toBe(1);
    });

    test('a key that is deleted while apps are connected to it stays with none of them', async () => {
      const { stores, clock } = arena();
      const party = await createParty(stores[0]);
      const apps: Party[] = [];
      for (let made = 0; made < tries; made++)
        apps.push({ ...party, client: await createClient(stores[0], party.user) });
      const { id } = party.credential;
      const outcomes = await race(
        apps.map((app, index) =>
          index === 9
            ? { do: 'delete_credential', id }
            : { do: 'create_grant', terms: termsFor(app), family: newFamily(clock.now) },
        ),
      );
      expect(count(outcomes, 'created')).toBe(tries - 1);
      const granted = await stores[1].grants.listGrants({ userId: party.user.id });
      const ended = granted.filter(({ grant }) => grant.revokedReason === 'credential_deleted');
      expect(outcomes[9]).toBe(`deleted ${ended.length}`);
      expect(granted.flatMap(({ credentials }) => credentials)).toEqual([]);
    });

    test('38 160 an approval turns into one code', async () => {
      const { stores } = arena();
      const party = await createParty(stores[0]);
      const { id, browserHash } = await openRequest(arena(), party);
      await stores[0].grants.approve(id, browserHash, termsFor(party));
      const expiresAt = arena().clock.now + minute;
      const outcomes = await race(
        many(() => ({
          do: 'issue',
          args: [id, browserHash, party.user.id, { hash: unique('code'), expiresAt }],
        })),
      );
      expect(count(outcomes, 'issued')).toBe(1);
    });

    test('an invitation makes one account, and an address has one', async () => {
      const { stores, clock } = arena();
      const invitation = {
        kind: 'invite' as const,
        email: null,
        createdBy: null,
        expiresAt: clock.now + minute,
      };
      const hash = unique('invitation');
      await stores[0].accounts.createInvitation({ ...invitation, hash }, operator);
      const account = (email: string) => ({ id: newId('usr'), email, passwordHash: 'hash' });
      const invited = await race(
        many(() => ({ do: 'sign_up', args: [account(unique('invited')), { invitationHash: hash }] })),
      );
      expect(count(invited, 'created')).toBe(1);
      expect(count(invited, 'invitation_invalid')).toBe(tries - 1);
      const email = unique('address');
      const signedUp = await race(
        many(() => ({ do: 'sign_up', args: [account(email), { actor: { kind: 'system' } }] })),
      );
      expect(count(signedUp, 'created')).toBe(1);
      expect(count(signedUp, 'email_taken')).toBe(tries - 1);
    });

    test('155 160 a limit on attempts lets no more through', async () => {
      const key = unique('attempts');
      const outcomes = await race(many(() => ({ do: 'count', key, limit: 7 })));
      expect(count(outcomes, 'allowed')).toBe(7);
    });

    test('an instance is declared dead once, and each of its calls is settled once', async () => {
      const { stores, clock } = arena();
      const granted = await createGrant(arena());
      const kid = await createSigningKey(arena());
      const dead = newId('ins');
      clock.now -= minute;
      await stores[0].instances.beat(dead, 30);
      const ofDead = many(() => callOf(granted, kid, { instanceId: dead }));
      await stores[0].ledger.admit(ofDead);
      clock.now += minute;
      const judges = many(() => newId('ins'));
      for (const judge of judges) await stores[0].instances.beat(judge, 30);
      const outcomes = await race(judges.map((id) => ({ do: 'recover', id, limit: 7 })));
      expect(outcomes.filter((outcome) => outcome.startsWith(dead))).toHaveLength(1);
      const settled = outcomes.reduce((sum, outcome) => sum + Number(outcome.split(':')[1]), 0);
      const rest = await stores[0].instances.recover(found(judges[0]), 100);
      expect(settled + rest.settled).toBe(tries);
    });

    test('a renewal that races a declaration: the instance goes on or is dead, and all agree', async () => {
      const { stores, clock } = arena();
      const slow = newId('ins');
      const judge = newId('ins');
      clock.now -= minute;
      await stores[0].instances.beat(slow, 30);
      clock.now += minute;
      await stores[0].instances.beat(judge, 30);
      const outcomes = await race(
        many((index) =>
          index % 2 ? { do: 'beat', id: slow, leaseSeconds: 30 } : { do: 'recover', id: judge, limit: 10 },
        ),
      );
      const declared = outcomes.filter((outcome) => outcome.startsWith(slow)).length;
      const { isDead } = await stores[0].instances.beat(slow, 30);
      expect(declared).toBe(isDead ? 1 : 0);
      // What it was told last stays true.
      expect(outcomes.findLast((outcome) => outcome === 'alive' || outcome === 'dead')).toBe(
        isDead ? 'dead' : 'alive',
      );
    });

    test('a call that is settled while it is being recovered is settled once', async () => {
      const { stores, clock } = arena();
      const granted = await createGrant(arena());
      const kid = await createSigningKey(arena());
      const slow = newId('ins');
      clock.now -= minute;
      await stores[0].instances.beat(slow, 30);
      const batches = many(() => many(() => callOf(granted, kid, { instanceId: slow })));
      for (const batch of batches) await stores[0].ledger.admit(batch);
      clock.now += minute;
      const judge = newId('ins');
      await stores[0].instances.beat(judge, 30);
      const outcomes = await race(
        batches.flatMap((batch): Task[] => [
          { do: 'recover', id: judge, limit: 10 },
          { do: 'settle', batch: batch.map(({ callId }) => settlementOf(callId)) },
        ]),
      );
      const settled = outcomes.join(' ').match(/\btrue\b/g)?.length ?? 0;
      const recovered = outcomes.reduce((sum, outcome) => sum + Number(/:(\d+)$/.exec(outcome)?.[1] ?? 0), 0);
      expect(settled + recovered).toBe(tries * tries);
      const calls = await stores[0].records.listCalls(
        { grantId: granted.grant.id },
        { before: null, limit: 1000 },
      );
      const ended = (outcome: string) => calls.filter((each) => each.outcome === outcome).length;
      expect([ended('answered'), ended('lost')]).toEqual([settled, recovered]);
    });

    test('admissions that race a revocation are on record or refused, never in between', async () => {
      const { stores } = arena();
      const granted = await createGrant(arena());
      const kid = await createSigningKey(arena());
      const outcomes = await race(
        many((index) =>
          index === 9
            ? { do: 'revoke_grant', id: granted.grant.id }
            : { do: 'admit', batch: [callOf(granted, kid), callOf(granted, kid)] },
        ),
      );
      const admitted = count(outcomes, 'admitted admitted');
      expect(admitted + count(outcomes, 'grant_revoked grant_revoked')).toBe(tries - 1);
      const calls = await stores[0].records.listCalls(
        { grantId: granted.grant.id },
        { before: null, limit: 100 },
      );
      expect(calls).toHaveLength(admitted * 2);
      expect(await perform(stores[1], { do: 'admit', batch: [callOf(granted, kid)] })).toBe('grant_revoked');
    });

    test('calls that are asked for at once exceed no rate', async () => {
      const authorizationDetails = [
        { type: 'provider_access', provider: 'openai', rate: { requests_per_minute: 5 } },
      ] as const;
      const limited = await createGrant(arena(), { terms: { authorizationDetails } });
      const other = await createGrant(arena(), { terms: { authorizationDetails } });
      const free = await createGrant(arena());
      const kid = await createSigningKey(arena());
      const outcomes = await race(
        many((index) => {
          // In either order: whoever locks both must not wait for another that does.
          const both = index % 4 < 2 ? [limited, other] : [other, limited];
          return { do: 'admit', batch: [...both, free].map((granted) => callOf(granted, kid)) };
        }),
      );
      expect(outcomes.map((outcome) => outcome.split(' ').at(-1))).toEqual(Array(tries).fill('admitted'));
      for (const { grant } of [limited, other]) {
        const calls = await arena().stores[0].records.listCalls(
          { grantId: grant.id },
          { before: null, limit: 100 },
        );
        expect(calls).toHaveLength(5);
      }
      const refused = outcomes.join(' ').match(/rate_limited/g);
      expect(refused).toHaveLength(2 * (tries - 5));
    });

    test('a call is settled once, whoever settles it', async () => {
      const { stores } = arena();
      const granted = await createGrant(arena());
      const kid = await createSigningKey(arena());
      const calls = [callOf(granted, kid), callOf(granted, kid), callOf(granted, kid)];
      await stores[0].ledger.admit(calls);
      const outcomes = await race(
        many((index) => ({
          do: 'settle',
          batch: calls.map(({ callId }) => settlementOf(callId, { costNanoUsd: index + 1 })),
        })),
      );
      expect(count(outcomes, 'true true true')).toBe(1);
      expect(count(outcomes, 'false false false')).toBe(tries - 1);
      const cost = outcomes.indexOf('true true true') + 1;
      expect(await stores[0].grants.listGrants({ userId: granted.user.id })).toMatchObject([
        { calls: 3, costNanoUsd: 3 * cost },
      ]);
    });
  });
}
