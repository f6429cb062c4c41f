import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import { findProvider, lendAlso, providers } from './catalog/catalog.ts';
import { atResource } from './catalog/provider.ts';
import { type Config, databaseFile } from './config.ts';
import { createInstance, type Instance, type LeaseTimes } from './ledger/instance.ts';
import { createLedger, type Ledger } from './ledger/ledger.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { createPublicFetch, type Network, type PublicFetch } from './lib/public_fetch.ts';
import type { Secret } from './lib/secret.ts';
import { createTxtLookup, type TxtLookup } from './lib/txt_records.ts';
import { createAppSuspender } from './mail/app_suspender.ts';
import { createBudgetTeller } from './mail/budget_teller.ts';
import { createMail, type Mail, noMail } from './mail/mail.ts';
import { readPricesFile } from './prices_file.ts';
import { readProvidersFile } from './providers_file.ts';
import { openPostgresStore } from './store/postgres/store.ts';
import { openSqliteStore } from './store/sqlite/store.ts';
import type { Store } from './store/store.ts';
import { type AccessTokens, createAccessTokens } from './tokens/access_token.ts';
import { createDpopProofs, type DpopProofs } from './tokens/dpop.ts';
import { createSigningKeys, type SigningKeys } from './tokens/signing_keys.ts';
import { createKeyFile, type Keyring, openKeyring } from './vault/keyring.ts';
import { createVault, type Vault } from './vault/vault.ts';

/** Everything the outer layers work with, built once and passed on. */
export interface Deps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly instance: Instance;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly signingKeys: SigningKeys;
  readonly accessTokens: AccessTokens;
  readonly dpop: DpopProofs;
  readonly ledger: Ledger;
  /** For whatever somebody outside names the address of. */
  readonly fetchPublic: PublicFetch;
  readonly lookUpTxt: TxtLookup;
  readonly mail: Mail;
  /** Base URL that keys of this provider, for this resource of it, are good for; null when it is a sandbox key and the sandbox is off. */
  readonly upstreamOf: (providerName: string, sandbox: boolean, resource?: string | null) => string | null;
}

export interface DepsOptions {
  readonly log: Logger;
  readonly clock?: Clock;
  /** Any URL of the running sandbox; null when it is off. */
  readonly sandboxUrl: string | null;
  /** For tests. */
  readonly lease?: LeaseTimes;
  /** For tests: what stands in for the internet. Addresses are checked all the same. */
  readonly network?: Network;
}

/**
 * Builds everything: makes the data folder (0700) and, outside production, the master key file (0600) when they are not
 * there, opens the store and brings its schema up to date.
 * @throws ConfigError when the file of providers or that of prices is wrong, KeyringError when the master keys are missing or unusable, StoreError when the store is
 */
export async function openDeps(config: Config, options: DepsOptions): Promise<Deps> {
  const { log, clock = systemClock, sandboxUrl, lease } = options;
  const own = readProvidersFile(config.providersFile);
  lendAlso(own.providers, readPricesFile(config.pricesFile, own.providers));
  const baseUrls = { ...config.providerBaseUrls, ...own.baseUrls };
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  chmodSync(config.dataDir, 0o700);
  const database = databaseFile(config.dataDir);
  // A database without its master key is a loss to repair, not a first start: a fresh key would open nothing in it. Nor
  // would one that a single process made for itself open much in a database that several share.
  const firstStart = config.databaseUrl === null && !existsSync(database);
  if ('file' in config.masterKey && !config.production && firstStart) {
    const { file } = config.masterKey;
    if (createKeyFile(file)) log.info({ file }, 'made a master key; back it up apart from the database');
  }
  const keyring = openKeyring(config.masterKey);
  const store = await openStore(config.databaseUrl ?? database, options);
  const sandboxUrls = new Map(
    providers.map(({ name, sandboxPath }) => [name, sandboxUrl && new URL(sandboxPath, sandboxUrl).href]),
  );
  const signingKeys = createSigningKeys(store.signingKeys, keyring, clock);
  const mail = config.mail ? await createMail(config.mail, store.notices, log) : noMail;
  return {
    config,
    clock,
    log,
    instance: createInstance(store.instances, { log, clock, ...(lease && { times: lease }) }),
    store,
    keyring,
    vault: createVault(keyring, store.credentials),
    signingKeys,
    accessTokens: createAccessTokens(signingKeys, {
      issuer: config.issuer,
      ttl: config.accessTokenTtl,
      clock,
    }),
    dpop: createDpopProofs(keyring, clock),
    ledger: createLedger(store.ledger, {
      onSettleError: (error, waiting) =>
        log.error({ err: error, waiting }, 'settling calls failed; will retry'),
      onNotice: createBudgetTeller({ config, store, mail, log }),
      ...(config.suspendAfterFlags > 0 && {
        onFlagged: createAppSuspender({ config, store, mail, log }),
      }),
    }),
    fetchPublic: createPublicFetch(options.network),
    lookUpTxt: createTxtLookup(options.network),
    mail,
    upstreamOf(providerName, sandbox, resource = null) {
      const provider = findProvider(providerName);
      const baseUrl = sandbox ? sandboxUrls.get(providerName) : baseUrls[providerName];
      return provider && baseUrl ? atResource(provider, baseUrl, resource) : null;
    },
  };
}

/** Opens the store in the PostgreSQL database at a URL, or in an SQLite file. */
async function openStore(at: Secret | string, { clock, log }: DepsOptions): Promise<Store> {
  if (typeof at === 'string') return openSqliteStore({ file: at, clock: clock ?? systemClock });
  return openPostgresStore({
    url: at,
    ...(clock && { clock }),
    onConnectionLost: (error) => log.warn({ err: error }, 'lost a connection to the database'),
  });
}

/** Writes what is waiting, gives the lease back and closes the store. */
export async function closeDeps(deps: Pick<Deps, 'ledger' | 'mail' | 'instance' | 'store'>): Promise<void> {
  const { ledger, mail, instance, store } = deps;
  await ledger.close();
  await mail.close();
  await instance.leave();
  await store.close();
}
