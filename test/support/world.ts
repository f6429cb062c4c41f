import { decodeJwt } from 'jose';
import { revokeGrant } from '../../src/grants/revoke.ts';
import { newId } from '../../src/lib/ids.ts';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import type { Credential, User } from '../../src/store/records.ts';
import { type Broker, createClient, createUser, deposit, grantTo, type RegisteredClient } from './broker.ts';

/** Somebody who has used the broker for a while. */
export interface World {
  readonly user: User;
  readonly credential: Credential;
  /** A connected app with calls. */
  readonly grantId: string;
  readonly client: RegisteredClient;
}

const system = { kind: 'system' } as const;

/** Connects an app to a user's keys. @returns ids of grant and family */
export async function connectApp(
  broker: Broker,
  user: Pick<User, 'id'>,
  client: RegisteredClient,
  scopes: readonly string[] = ['openai:text', 'openai:embeddings'],
): Promise<{ readonly grantId: string; readonly familyId: string }> {
  const { access_token, grant_id: grantId } = await grantTo(broker, user, client, scopes);
  const { family_id: familyId } = decodeJwt<{ family_id: string }>(access_token);
  return { grantId, familyId };
}

/** Puts a call on record; without a settlement it stays running. */
export async function recordCall(
  { deps }: Broker,
  familyId: string,
  call: { readonly route: string; readonly model: string | null; readonly scope: string },
  settlement: Partial<Omit<Settlement, 'callId'>> | null = {},
): Promise<string> {
  const callId = newId('call', deps.clock());
  const { kid } = await deps.signingKeys.active();
  const [result] = await deps.store.ledger.admit([
    {
      callId,
      familyId,
      kid,
      proof: null,
      instanceId: deps.instance.id,
      provider: 'openai',
      route: call.route,
      model: call.model,
      models: [call.model],
      outputCap: null,
      scopes: [call.scope],
      access: null,
      cost: { base: 1_000_000, perOutputToken: 0, longestOutput: 1000 },
    },
  ]);
  if (result?.kind !== 'admitted') throw new Error(JSON.stringify(result));
  if (settlement) {
    const base = {
      status: 200,
      outcome: 'answered',
      usage: null,
      costNanoUsd: 420_000,
      countedNanoUsd: 420_000,
      isEstimated: false,
      upstreamRequestId: null,
    } as const;
    await deps.store.ledger.settle([{ callId, ...base, ...settlement }]);
  }
  return callId;
}

/** A broker that has been in use: keys in every state, connected and ended apps, calls of every kind. */
export async function furnish(broker: Broker): Promise<World> {
  const { deps } = broker;
  const user = await createUser(broker, true);
  await createUser(broker);
  const credential = await deposit(broker, user.id);
  await deposit(broker, user.id, 'sk-sandbox-unavailable-0001');
  const refused = await deposit(broker, user.id, 'sk-sandbox-gone-bad-0002');
  await deps.store.credentials.markCredential(refused.id, 'invalid');
  await deps.store.credentials.updateCredential(refused.id, { name: 'Refused' }, system);
  const exhausted = await deposit(broker, user.id, 'sk-sandbox-poor-0003');
  await deps.store.credentials.updateCredential(exhausted.id, { name: 'Poor' }, system);
  await deps.store.credentials.markExhausted(exhausted.id, true, 1);
  await deps.store.credentials.updateCredential(credential.id, { name: 'Personal' }, system);

  const client = await createClient(broker, user.id, {
    name: 'Margin Notes',
    redirectUris: ['https://margin-notes.example/oauth/callback'],
  });
  const { grantId, familyId } = await connectApp(broker, user, client);
  const chat = { route: 'POST /chat/completions', model: 'gpt-5-mini', scope: 'openai:text' };
  const embed = { route: 'POST /embeddings', model: 'text-embedding-3-small', scope: 'openai:embeddings' };
  await recordCall(broker, familyId, embed, { costNanoUsd: 12_000 });
  await recordCall(broker, familyId, chat, { outcome: 'aborted', costNanoUsd: 90_000 });
  await recordCall(broker, familyId, chat, { status: 429, costNanoUsd: 0 });
  await recordCall(broker, familyId, chat, { status: null, outcome: 'failed', costNanoUsd: null });
  await recordCall(broker, familyId, chat, {
    outcome: 'cut',
    flags: 'harassment/threatening self-harm violence',
  });
  await recordCall(broker, familyId, chat, { costNanoUsd: 1_234_000_000 });
  await recordCall(broker, familyId, chat, null);

  const other = await createClient(broker, user.id, {
    name: 'A command-line helper with quite a long name, Donaudampfschifffahrtsgesellschaft',
    type: 'native',
    redirectUris: ['com.example.command-line-helper:/callback', 'http://127.0.0.1/callback'],
  });
  await connectApp(broker, user, other, ['openai:text']);
  const ended = await createClient(broker, user.id, { name: 'Old Summaries' });
  const { grantId: endedId } = await connectApp(broker, user, ended);
  await revokeGrant(deps, endedId, 'user', system);
  return { user, credential, grantId, client };
}
