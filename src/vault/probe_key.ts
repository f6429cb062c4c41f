import { request } from 'undici';
import type { Abilities } from '../catalog/abilities.ts';
import { errorIn, failureMeaning } from '../catalog/failure.ts';
import { featureHeaders, type Provider } from '../catalog/provider.ts';
import type { UsableKey } from './check_key.ts';
import { readUpTo } from './read_up_to.ts';

/** In milliseconds, of all requests together: they are made at once. */
const timeout = 5_000;
/** Errors are short. */
const largestAnswer = 64 * 1024;

/**
 * Finds out what a key is permitted to do, by requests that cost nothing. What remains unclear is left out.
 * @param baseUrl the provider's, or the sandbox's for a sandbox key
 */
export async function probeKey(provider: Provider, baseUrl: string, key: UsableKey): Promise<Abilities> {
  const signal = AbortSignal.timeout(timeout);
  const found = await Promise.all(
    (provider.probes ?? []).map(async ({ scope, paths }) => {
      const answers = await Promise.all(
        paths.map((path) => isPermitted(provider, baseUrl + path, key, signal)),
      );
      if (answers.includes(true)) return { [scope]: true };
      return answers.includes(null) ? {} : { [scope]: false };
    }),
  );
  return Object.assign({}, ...found);
}

/** @returns null where the answer does not tell */
async function isPermitted(
  provider: Provider,
  url: string,
  { key, organization, project }: UsableKey,
  signal: AbortSignal,
): Promise<boolean | null> {
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: Object.fromEntries([
        ['content-type', 'application/json'],
        ...featureHeaders(provider, {}),
        ...provider.authorize({ key: key.unwrap(), organization, project }),
      ]),
      body: '{}',
      signal,
    });
    const error = errorIn(provider.errors, await readUpTo(largestAnswer, answer.body));
    const means = failureMeaning(provider.errors, answer.statusCode, error);
    if (answer.statusCode === 400 && means === null) return true;
    return means?.code === 'provider_key_invalid' && !means.keyIsBad ? false : null;
  } catch {
    return null;
  }
}
