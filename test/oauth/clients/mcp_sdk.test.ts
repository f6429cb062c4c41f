import * as second from '@modelcontextprotocol/client';
import * as first from '@modelcontextprotocol/sdk/client/auth.js';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { revokeGrant } from '../../../src/grants/revoke.ts';
import { callProxy, visit } from '../../conformance/flow.ts';
import { startTarget } from '../../conformance/target.ts';
import { createInternet } from '../../support/internet.ts';

const internet = await createInternet();
const target = await startTarget({ internet });
const { deps } = target.broker;
const system = { kind: 'system' } as const;
beforeAll(() => deps.store.accounts.setOpen('registration', true, system));
afterAll(async () => {
  await target.close();
  await internet.close();
});

const serverUrl = `${target.baseUrl}/openai/v1`;
const redirectUrl = 'http://127.0.0.1:33418/callback';

type Sdk = Pick<typeof first | typeof second, 'auth' | 'extractWWWAuthenticateParams'>;
type Provider = first.OAuthClientProvider & second.OAuthClientProvider;

/** What a client says of itself. */
type Said = Pick<Provider, 'clientMetadata'> & { readonly clientMetadataUrl?: string };

interface Memory {
  readonly provider: Provider;
  readonly accessToken: string;
  /** Where the person was sent last. */
  readonly sentTo: string;
}

/** A client that keeps what the SDK gives it to keep. */
function createMemory(said: Said): Memory {
  let client: ReturnType<Provider['clientInformation']>;
  let tokens: Awaited<ReturnType<Provider['tokens']>>;
  let discovered: ReturnType<NonNullable<Provider['discoveryState']>>;
  let verifier = '';
  let sentTo = '';
  return {
    provider: {
      ...said,
      redirectUrl,
      state: () => 'a state',
      clientInformation: () => client,
      saveClientInformation: (given) => {
        client = given;
      },
      tokens: () => tokens,
      saveTokens: (given) => {
        tokens = given;
      },
      codeVerifier: () => verifier,
      saveCodeVerifier: (given) => {
        verifier = given;
      },
      discoveryState: () => discovered,
      saveDiscoveryState: (given) => {
        discovered = given;
      },
      redirectToAuthorization: ({ href }) => {
        sentTo = href;
      },
      invalidateCredentials: (what) => {
        if (what === 'tokens') tokens = undefined;
      },
    },
    get accessToken() {
      return tokens?.access_token ?? '';
    },
    get sentTo() {
      return sentTo;
    },
  };
}

/** From the mount's refusal to tokens for it. */
async function connect(sdk: Sdk, memory: Memory): Promise<void> {
  const refusal = await fetch(`${serverUrl}/models`);
  const challenge = { serverUrl, ...sdk.extractWWWAuthenticateParams(refusal) };
  expect(challenge.resourceMetadataUrl?.pathname).toBe('/.well-known/oauth-protected-resource/openai/v1');
  expect(await sdk.auth(memory.provider, challenge)).toBe('REDIRECT');
  const { searchParams } = await visit(target, memory.sentTo);
  expect(searchParams.get('state')).toBe('a state');
  const [authorizationCode, iss] = [searchParams.get('code') ?? '', searchParams.get('iss') ?? ''];
  const callback = { serverUrl, authorizationCode, iss };
  expect(await sdk.auth(memory.provider, callback)).toBe('AUTHORIZED');
}

const clientMetadata = { client_name: 'Assistant', redirect_uris: [redirectUrl] };

/** A client that is known by a document of its own. */
function publishDocument(host: string): Said {
  const clientMetadataUrl = `https://${host}/client.json`;
  internet.publish(clientMetadataUrl, { client_id: clientMetadataUrl, ...clientMetadata });
  return { clientMetadata, clientMetadataUrl };
}

describe.each<[string, Sdk]>([
  ['1', first],
  ['2', second],
])('auth() of the SDK’s major %s', (major, sdk) => {
  test.each<[string, Said]>([
    ['with a document', publishDocument(`assistant-${major}.example.com`)],
    ['registering itself', { clientMetadata }],
    [
      'registering itself, without a secret',
      { clientMetadata: { ...clientMetadata, token_endpoint_auth_method: 'none' } },
    ],
  ])('%s, leads from a refusal to tokens for the mount, and refreshes them', async (_, said) => {
    const memory = createMemory(said);
    await connect(sdk, memory);
    const old = memory.accessToken;
    expect(decodeJwt(old)).toMatchObject({
      aud: serverUrl,
      client_id: said.clientMetadataUrl ?? expect.stringMatching(/^cli_/),
    });
    expect(await callProxy(target, old)).toBe(200);
    expect(await sdk.auth(memory.provider, { serverUrl })).toBe('AUTHORIZED');
    expect(memory.accessToken).not.toBe(old);
    expect(await callProxy(target, memory.accessToken)).toBe(200);
  });

  test('sends the person to the broker again after a revocation', async () => {
    const memory = createMemory({ clientMetadata });
    await connect(sdk, memory);
    const { grant_id: grantId } = decodeJwt<{ grant_id: string }>(memory.accessToken);
    await revokeGrant(deps, grantId, 'user', system);
    // One of the two says on the console what happened.
    vi.spyOn(console, 'warn').mockReturnValueOnce();
    expect(await sdk.auth(memory.provider, { serverUrl })).toBe('REDIRECT');
    expect(memory.accessToken).toBe('');
  });
});
