import { isIP } from 'node:net';
import type { PublicFetch } from '../lib/public_fetch.ts';
import type { TxtLookup } from '../lib/txt_records.ts';
import type { ClientStore } from '../store/contract/clients.ts';
import type { Actor, Client } from '../store/records.ts';

interface ProofDeps {
  readonly store: { readonly clients: ClientStore };
  readonly fetchPublic: PublicFetch;
  readonly lookUpTxt: TxtLookup;
}

export type DomainProof =
  | { readonly kind: 'proven' }
  /** `complaint` is for the owner: where the token is not, and what is there instead. */
  | { readonly kind: 'not_proven'; readonly complaint: string };

/** Where an app's owner may publish its verification token for one host that the app redirects to. */
export interface ProofPlace {
  /** Of a file that holds it. */
  readonly url: string;
  /** Name of a TXT record that holds it; null where the host is an address, which has none. */
  readonly record: string | null;
}

/** In bytes; a token with some blanks around it. */
const largestFile = 1024;

/** The places of each web address that an app redirects to. */
export function proofPlaces({ redirectUris }: Pick<Client, 'redirectUris'>): readonly ProofPlace[] {
  const urls = redirectUris.map((uri) => new URL(uri)).filter(({ protocol }) => protocol === 'https:');
  const byHost = new Map(urls.map((url) => [url.host, url]));
  return [...byHost.values()].map(({ host, hostname }) => ({
    url: `https://${host}/.well-known/coatcheck-verification.txt`,
    record: isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? `_coatcheck.${hostname}` : null,
  }));
}

/** Looks for an app's verification token at each of its hosts, in either place, and records that it is there. */
export async function proveDomains(deps: ProofDeps, client: Client, actor: Actor): Promise<DomainProof> {
  const { verificationToken: token } = client;
  if (token === null) return notProven('Ask for verification first: that makes the token.');
  const places = proofPlaces(client);
  if (places.length === 0) {
    return notProven('The app redirects to no https address, so there is nothing to look at.');
  }
  const complaints = await Promise.all(places.map((place) => findComplaint(deps, place, token)));
  const complaint = complaints.find((each) => each !== null);
  if (complaint) return notProven(complaint);
  return (await deps.store.clients.markDomainProven(client.id, client.redirectUris, actor))
    ? { kind: 'proven' }
    : notProven('The redirect URIs have just been changed. Check again.');
}

/** What is wrong with the places of a host; null when one of them holds the token. */
async function findComplaint(
  deps: ProofDeps,
  { url, record }: ProofPlace,
  token: string,
): Promise<string | null> {
  const looks = [lookIntoFile(deps, url, token)];
  if (record !== null) looks.push(lookIntoRecord(deps, record, token));
  const complaints = await Promise.all(looks);
  return complaints.includes(null) ? null : `${complaints.join(' ')} Expected: ${token}`;
}

async function lookIntoFile({ fetchPublic }: ProofDeps, url: string, token: string): Promise<string | null> {
  const file = await fetchPublic(new URL(url), largestFile);
  if (file.kind === 'failed') return `${url} was not found: ${file.reason}.`;
  const text = file.body.toString().trim();
  return text === token ? null : `${url} holds ${quote(text)}.`;
}

async function lookIntoRecord({ lookUpTxt }: ProofDeps, name: string, token: string): Promise<string | null> {
  const answer = await lookUpTxt(name);
  if (answer.kind === 'failed') return `${name} was not found: ${answer.reason}.`;
  const { records } = answer;
  if (records.includes(token)) return null;
  return records.length === 0 ? `${name} has no TXT record.` : `${name} holds ${quote(records.join(', '))}.`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function notProven(complaint: string): DomainProof {
  return { kind: 'not_proven', complaint };
}
