import type { PublicFetch } from '../lib/public_fetch.ts';
import type { ClientStore } from '../store/contract/clients.ts';
import type { Actor, Client } from '../store/records.ts';

interface ProofDeps {
  readonly store: { readonly clients: ClientStore };
  readonly fetchPublic: PublicFetch;
}

export type DomainProof =
  | { readonly kind: 'proven' }
  /** `complaint` is for the owner: where the token is not, and why. */
  | { readonly kind: 'not_proven'; readonly complaint: string };

/** In bytes; a token with some blanks around it. */
const largestFile = 1024;

/** Where an app's owner publishes its verification token: at each web address that it redirects to. */
export function proofUrls({ redirectUris }: Pick<Client, 'redirectUris'>): readonly string[] {
  const origins = redirectUris.map((uri) => new URL(uri)).filter(({ protocol }) => protocol === 'https:');
  return [...new Set(origins.map(({ host }) => `https://${host}/.well-known/coatcheck-verification.txt`))];
}

/** Looks for an app's verification token at each of its web addresses, and records that it is there. */
export async function proveDomains(
  { store, fetchPublic }: ProofDeps,
  client: Client,
  actor: Actor,
): Promise<DomainProof> {
  const urls = proofUrls(client);
  if (urls.length === 0) {
    return notProven('The app redirects to no https address, so there is nothing to look at.');
  }
  for (const url of urls) {
    const fetched = await fetchPublic(new URL(url), largestFile);
    if (fetched.kind === 'failed') return notProven(`${url} was not found: ${fetched.reason}.`);
    if (client.verificationToken === null || fetched.body.toString().trim() !== client.verificationToken) {
      return notProven(`${url} holds something else than the token.`);
    }
  }
  return (await store.clients.markDomainProven(client.id, client.redirectUris, actor))
    ? { kind: 'proven' }
    : notProven('The redirect URIs have just been changed. Check again.');
}

function notProven(complaint: string): DomainProof {
  return { kind: 'not_proven', complaint };
}
