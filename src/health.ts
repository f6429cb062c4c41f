import type { Deps } from './deps.ts';

type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Whether requests should come here, and why not. Tells anybody who asks, so that it says nothing of the inside. */
export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: Readonly<Record<'store' | 'migrations' | 'signing_key' | 'running', Verdict>>;
}

/** Milliseconds that a check may take. */
const patience = 2_000;

const ok: Verdict = { ok: true };
const no = (reason: string): Verdict => ({ ok: false, reason });

/**
 * What answers whether this process is ready, within about two seconds. Those who ask at the same time share one answer,
 * so that asking often costs the store nothing.
 * @param isDraining whether it is about to stop
 */
export function createReadiness(
  { store, signingKeys, log }: Pick<Deps, 'store' | 'signingKeys' | 'log'>,
  isDraining: () => boolean,
): () => Promise<Readiness> {
  let checking: Promise<readonly [Verdict, Verdict, Verdict]> | undefined;
  let wasFailing = false;

  const attempt = async <T>(what: string, work: Promise<T>, judge: (value: T) => Verdict) => {
    try {
      return judge(await within(work));
    } catch (error) {
      if (!wasFailing) log.warn({ err: error }, `not ready: ${what}`);
      return no(error instanceof NoAnswer ? error.message : what);
    }
  };

  const check = async () => {
    const schema = store.hasCurrentSchema();
    const verdicts = await Promise.all([
      attempt('the store cannot be reached', schema, () => ok),
      attempt('the store cannot be asked', schema, (isCurrent) =>
        isCurrent ? ok : no('the database was changed by another version'),
      ),
      attempt('the signing key cannot be read or opened', signingKeys.active(), () => ok),
    ]);
    // Anybody may ask as often as they like, and what goes on is in the log already.
    wasFailing = verdicts.some((verdict) => !verdict.ok);
    return verdicts;
  };

  return async () => {
    checking ??= check().finally(() => {
      checking = undefined;
    });
    const [reachable, migrations, signingKey] = await checking;
    const running = isDraining() ? no('stopping: finishing what is under way') : ok;
    const checks = { store: reachable, migrations, signing_key: signingKey, running };
    const isReady = Object.values(checks).every((verdict) => verdict.ok);
    return { status: isReady ? 'ready' : 'not_ready', checks };
  };
}

class NoAnswer extends Error {}

async function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer('no answer within 2 s')), patience);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
