import { startSession } from '../../src/accounts/session.ts';
import { allScopes, providers } from '../../src/catalog/catalog.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { newId, newToken } from '../../src/lib/ids.ts';
import { ask, authorizeUrl, formAuth, obtainCode, obtainTokens } from '../conformance/flow.ts';
import { type LocalTarget, type RegisteredApp, startTarget } from '../conformance/target.ts';
import { createClient, createUser, deposit, password } from '../support/broker.ts';
import { createDpopKey } from '../support/dpop.ts';
import type { Home } from '../support/home.ts';
import { Person } from '../support/person.ts';

const redirectUri = 'http://127.0.0.1/callback';
const scope = allScopes.join(' ');
const kinds = ['web', 'spa', 'native', 'web', 'web', 'native'] as const;
const system = { kind: 'system' } as const;

/** What is good in one way or another, by name: ids, secrets, tokens, codes. */
export type Material = Readonly<Record<string, string>>;

/** Makes things that are good at a server, through one more instance on the same store. */
export interface Mint {
  /** @returns several times what one app and one person have */
  make(): Promise<readonly Material[]>;
  /** A proof for a request, with the nonce of the moment. */
  prove(method: string, url: string): Promise<string>;
  close(): Promise<void>;
}

/** @param issuer of the server */
export async function openMint(home: Home, issuer: string): Promise<Mint> {
  const env = { COATCHECK_ISSUER: issuer, COATCHECK_TRUSTED_PROXIES: '127.0.0.1' };
  const target = await startTarget({ home, env });
  const { deps } = target.broker;
  const key = await createDpopKey();
  return {
    async make() {
      // Whatever has been opened and closed meanwhile. Nothing is to be fetched from the internet.
      await deps.store.accounts.setOpen('registration', true, system);
      await deps.store.accounts.setOpen('client_documents', false, system);
      await deps.store.accounts.setOpen('sign_up', false, system);
      const connections = kinds.map(async (type) => ({
        ...(await operatorAt(target)),
        ...(await connectionAt(target, type, key.thumbprint)),
      }));
      return Promise.all(connections);
    },
    prove: (method, url) => key.prove({ method, url, nonce: deps.dpop.nonce() }),
    close: () => target.close(),
  };
}

async function signIn({ broker, baseUrl }: LocalTarget, userId: string): Promise<Person> {
  return new Person(
    { url: baseUrl },
    new Map([['coatcheck_session', await startSession(broker.deps, userId, undefined)]]),
  );
}

const cookieOf = (person: Person, name: string) => person.cookies.get(`coatcheck_${name}`) ?? '';

async function operatorAt(target: LocalTarget): Promise<Material> {
  const { id } = await createUser(target.broker, true);
  const operator = await signIn(target, id);
  const { csrf = '' } = await operator.get('/operator');
  const { html } = await operator.post('/operator/invitations', { email: '' });
  return {
    operatorId: id,
    operatorSession: cookieOf(operator, 'session'),
    operatorBrowser: cookieOf(operator, 'browser'),
    operatorCsrf: csrf,
    invitation: /\/invite\/([\w-]+)/.exec(html)?.[1] ?? '',
  };
}

async function connectionAt(
  target: LocalTarget,
  type: 'web' | 'spa' | 'native',
  jkt: string,
): Promise<Material> {
  const { broker } = target;
  const { id: userId, email } = await createUser(broker);
  const [key] = await Promise.all(providers.map(({ name }) => deposit(broker, userId, undefined, name)));
  const { id: clientId, secret } = await createClient(broker, userId, {
    type,
    redirectUris: [redirectUri],
    scope,
  });
  const app = { clientId, clientSecret: secret, redirectUri };
  const person = await signIn(target, userId);
  const { csrf = '' } = await person.get('/keys');
  const by = { browser: person };
  const issued = await obtainCode(target, app, {}, by);
  const bound = await obtainCode(target, app, { dpop_jkt: jkt }, by);
  const tokens = await obtainTokens(target, app, { scope }, by);
  const [grant] = await broker.deps.store.grants.listGrants({ clientId });
  const begin = async () => (await person.request(authorizeUrl(target, app))).headers.get('location') ?? '';
  const consent = await begin();
  const resume = await target.decide(person, await begin(), { approve: true });
  const request = Object.fromEntries(new URL(authorizeUrl(target, app)).searchParams);
  const pushed = await ask(target, '/oauth/par', { ...request, ...formAuth(app) });
  return {
    ...(secret === null ? { publicClientId: clientId } : { clientSecret: secret }),
    ...(type === 'spa' ? {} : await deviceAt(target, app, person)),
    ...(await registrationAt(target)),
    ...{ userId, email, password, keyId: key?.id ?? '', clientId, redirectUri, csrf },
    ...{ session: cookieOf(person, 'session'), browser: cookieOf(person, 'browser') },
    ...{ code: issued.code, verifier: issued.verifier, challenge: issued.challenge },
    ...{ boundCode: bound.code, boundVerifier: bound.verifier },
    ...{ accessToken: tokens.accessToken, refreshToken: tokens.refreshToken },
    grantId: grant?.grant.id ?? '',
    requestUri: String(pushed.body.request_uri),
    consentId: consent.split('/').at(-1) ?? '',
    resumeId: resume.split('/').at(-1) ?? '',
  };
}

let devices = 0;

/** The codes of a device that was let in, and of one that waits. */
async function deviceAt(target: LocalTarget, app: RegisteredApp, person: Person): Promise<Material> {
  const start = async () => (await ask(target, '/oauth/device', formAuth(app))).body;
  const [allowed, waiting] = [await start(), await start()];
  await person.get('/device');
  // Each from elsewhere, as only so many codes may be entered from one address.
  devices += 1;
  const from = { 'x-forwarded-for': `198.18.${(devices >> 8) & 255}.${devices & 255}` };
  const entered = await person.post('/device', { user_code: String(allowed.user_code) }, from);
  await target.decide(person, entered.location ?? '', { approve: true });
  return { deviceCode: String(allowed.device_code), userCode: String(waiting.user_code) };
}

/** An app that registered itself. */
async function registrationAt({ broker }: LocalTarget): Promise<Material> {
  const registrationToken = newToken('ccrg');
  const { id } = await broker.deps.store.clients.createClient(
    {
      id: newId('cli'),
      ownerId: null,
      name: 'Reading List',
      type: 'web',
      secretHash: null,
      jwks: null,
      registrationTokenHash: sha256(registrationToken),
      redirectUris: [redirectUri],
      scope: 'openai:text',
    },
    system,
  );
  return { registeredId: id, registrationToken };
}
