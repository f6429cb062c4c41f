import { providers } from '../../src/catalog/catalog.ts';

/** The fields of a form or a query. `{name}` stands for a piece of material. */
export type Fields = Readonly<Record<string, string>>;

/** Who asks. */
export type Asker = 'person' | 'operator';

/** A request as it should be. */
export interface GoodRequest {
  /** What stands in the place of `:id` in the path. */
  readonly id: string;
  readonly query: Fields;
  /** What it may send: forms, or else JSON documents. */
  readonly forms: readonly Fields[];
  readonly documents: readonly object[];
  /** What the Authorization header may be. */
  readonly authorizations: readonly string[];
}

const authorization = {
  client_id: '{clientId}',
  redirect_uri: '{redirectUri}',
  response_type: 'code',
  scope: 'openai:text',
  state: 'a state',
  code_challenge: '{challenge}',
  code_challenge_method: 'S256',
};
const client = { client_id: '{clientId}', client_secret: '{clientSecret}' };
const publicClient = { client_id: '{publicClientId}' };
const grants: readonly Fields[] = [
  { grant_type: 'authorization_code', code: '{code}', code_verifier: '{verifier}' },
  { grant_type: 'authorization_code', code: '{boundCode}', code_verifier: '{boundVerifier}' },
  { grant_type: 'refresh_token', refresh_token: '{refreshToken}', scope: 'openai:text' },
  { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: '{deviceCode}' },
];
const tokens: readonly Fields[] = [{ token: '{refreshToken}' }, { token: '{accessToken}' }];
const byClients = (forms: readonly Fields[]) =>
  forms.flatMap((fields) => [client, publicClient].map((who) => ({ ...who, ...fields })));

const clientForms: Readonly<Record<string, readonly Fields[]>> = {
  '/oauth/par': byClients([authorization]),
  '/oauth/device': byClients([{ scope: 'openai:text' }]),
  '/oauth/token': byClients(grants),
  '/oauth/revoke': byClients(tokens),
  '/oauth/introspect': byClients(tokens),
};

const registration = { client_name: 'Reading List', redirect_uris: ['{redirectUri}'] };
const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hello' }] };
const calls = [
  chat,
  { ...chat, stream: true },
  { model: 'gpt-5-mini', input: 'hello' },
  { ...chat, model: 'claude-opus-5', max_tokens: 100 },
];

const app = { type: 'web', name: 'A name', redirect_uris: '{redirectUri}', scope: 'openai:text' };
const details = { name: 'A name', organization: '', project: 'proj_1' };
const account = { email: '{email}', password: '{password}' };
const pageForms: Readonly<Record<string, Fields>> = {
  '/sign-in': { ...account, next: '/keys' },
  '/sign-up': { email: 'drawn@example.com', password: '{password}' },
  '/invite/:token': { email: 'drawn@example.com', password: '{password}' },
  '/setup/:token': account,
  '/consent/:id': { decision: 'approve', life: 'day', scope: 'openai:text' },
  '/device': { user_code: '{userCode}' },
  '/keys/new': { provider: 'openai', key: 'sk-sandbox-drawn-by-lot', ...details },
  '/keys/sandbox': { provider: 'openai' },
  '/keys/:id': details,
  '/keys/:id/replace': { key: 'sk-sandbox-drawn-by-lot' },
  '/spending': { holder: '{userId}', '{userId}_month': '5' },
  '/developer/new': app,
  '/developer/:id': { ...app, require_par: 'on', require_dpop: 'on' },
  '/developer/:id/token': { scope: 'openai:text' },
  '/account/password': { current: '{password}', new: '{password}' },
  '/operator/gates': { gate: 'registration', state: 'open' },
  '/operator/users': { user: '{userId}', status: 'suspended' },
  '/operator/apps': { client: '{clientId}', decision: 'suspended' },
  '/operator/apps/budgets': { holder: '{clientId}', '{clientId}_month': '5' },
  '/operator/invitations': { email: '' },
  '/operator/invitations/withdraw': { invitation: 'x' },
};

const idsOf: readonly (readonly [under: string, id: string])[] = [
  ['/keys', '{keyId}'],
  ['/apps', '{grantId}'],
  ['/developer', '{clientId}'],
  ['/consent', '{consentId}'],
  ['/oauth/resume', '{resumeId}'],
  ['/oauth/register', '{registeredId}'],
  ['/.well-known', providers[0]?.mount.slice(1) ?? ''],
  ['/', '{invitation}'],
];

/** Every material that requests name. */
export const pieces = [
  ...['code', 'boundCode', 'verifier', 'refreshToken', 'accessToken', 'deviceCode', 'userCode', 'requestUri'],
  ...['clientId', 'clientSecret', 'consentId', 'resumeId', 'grantId', 'keyId', 'userId', 'operatorId'],
  ...['invitation', 'session', 'browser', 'csrf', 'operatorCsrf', 'registeredId', 'registrationToken'],
].map((name) => `{${name}}`);

/** Every name of a field, and some that are none. */
export const names = [
  ...new Set([
    ...[...Object.values(clientForms).flat(), ...Object.values(pageForms), ...calls].flatMap(Object.keys),
    ...[
      'request_uri',
      'request',
      'resource',
      'prompt',
      'dpop_jkt',
      'authorization_details',
      'csrf',
      'stream',
    ],
    ...['client_assertion', 'client_assertion_type', '__proto__', 'constructor', 'toString'],
  ]),
];

/** What a good request of a path holds. */
export function goodRequest(path: string, asker: Asker): GoodRequest {
  const [, id = ''] = idsOf.find(([under]) => path.startsWith(under)) ?? [];
  const common = { id, query: {}, forms: [], documents: [], authorizations: [] };
  if (path === '/oauth/authorize') return { ...common, query: authorization, forms: [authorization] };
  if (path === '/oauth/register') return { ...common, documents: [registration] };
  if (path === '/oauth/register/:id') {
    const documents = [{ ...registration, client_id: '{registeredId}' }];
    return { ...common, documents, authorizations: ['Bearer {registrationToken}'] };
  }
  if (path === '/grant' || isProxied(path)) {
    return { ...common, documents: calls, authorizations: ['Bearer {accessToken}'] };
  }
  const forms = clientForms[path];
  if (forms) return { ...common, forms };
  const csrf = asker === 'operator' ? '{operatorCsrf}' : '{csrf}';
  const query = { next: '/keys', provider: 'openai', done: 'saved', user_code: '{userCode}' };
  return { ...common, query, forms: [{ ...pageForms[path], csrf }] };
}

/** Whether a path lies under the mount of a provider. */
export function isProxied(path: string): boolean {
  return providers.some(({ mount }) => path.startsWith(`${mount}/`));
}
