import { findProvider } from '../catalog/catalog.ts';
import type { BudgetNotice } from '../store/admission.ts';
import { dollarsOf } from '../store/budget.ts';
import type { Client, Credential, Grant, Notice } from '../store/records.ts';

interface Site {
  readonly issuer: string;
}

/** What a notice may say of a key: what its owner knows it by, nothing to use. */
type NamedKey = Pick<Credential, 'id' | 'provider' | 'name' | 'last4'>;

/** The provider does not accept a key any more. */
export function keyRefused(site: Site, key: NamedKey): Notice {
  const { title, keysPage } = providerOf(key);
  return {
    kind: 'key_refused',
    about: key.id,
    title: `${title} refuses your key`,
    text: paragraphs(
      `${title} does not accept your key ${label(key)} any more: it was revoked there, or has expired.`,
      'Until you replace it, every call that an app makes with it fails.',
      `Make a new one${keysPage ? ` at ${keysPage}` : ''} and put it in the place of the old one:\n${pageOf(site, key)}`,
    ),
  };
}

/** The account behind a key has no quota left. */
export function keyExhausted(site: Site, key: NamedKey): Notice {
  const { title, billingPage } = providerOf(key);
  return {
    kind: 'key_exhausted',
    about: key.id,
    title: `Your quota with ${title} is used up`,
    text: paragraphs(
      `${title} says that the account behind your key ${label(key)} has no quota left.`,
      'Until it has some again, calls that cost something fail. Nothing needs to be changed here.',
      `See to its billing${billingPage ? ` at ${billingPage}` : ' there'}. Which apps use the key:\n${pageOf(site, key)}`,
    ),
  };
}

/** A key will not be kept much longer. */
export function keyExpiresSoon(site: Site, key: NamedKey & { readonly expiresAt: number }): Notice {
  const { title } = providerOf(key);
  return {
    kind: 'key_expires_soon',
    about: key.id,
    title: `Your ${title} key will soon be deleted here`,
    text: paragraphs(
      `Your key ${label(key)} of ${title} is kept until ${moment(key.expiresAt)}, as you have chosen. It is then deleted here, and apps can use it no longer.`,
      `To keep it longer, say so on its page:\n${pageOf(site, key)}`,
    ),
  };
}

/** A key has been deleted because it was to be kept only so long. */
export function keyExpired(site: Site, key: NamedKey): Notice {
  const { title, keysPage } = providerOf(key);
  return {
    kind: 'key_expired',
    about: key.id,
    title: `Your ${title} key has been deleted here`,
    text: paragraphs(
      `Your key ${label(key)} of ${title} was kept for as long as you had chosen. It is deleted now, and no app can use it any more.`,
      `With ${title} it lives on until you revoke it there${keysPage ? `: ${keysPage}` : '.'}`,
      `To go on, add a key:\n${site.issuer}/keys/new`,
    ),
  };
}

/** Somebody has presented a refresh token of an app that was used up. */
export function refreshTokenReused(
  site: Site,
  grant: Pick<Grant, 'id'>,
  client: Pick<Client, 'name'>,
): Notice {
  return {
    kind: 'refresh_token_reused',
    about: grant.id,
    title: 'An app has been signed out, to be safe',
    text: paragraphs(
      `A token of ${client.name} that had been used up was presented again. That happens when somebody has copied it, or when the app has lost its place.`,
      'The tokens that came from it have been ended, so that nobody can go on with them. To go on with the app, connect it again.',
      `If you do not know why, look what it did and end its access:\n${site.issuer}/apps/${grant.id}`,
    ),
  };
}

/** So much of a budget has been used. @param whose what it limits, as in "what … may spend" */
export function budgetReached(
  { counterId, percent, budget }: Pick<BudgetNotice, 'counterId' | 'percent' | 'budget'>,
  whose: string,
  page: string,
): Notice {
  const { unit, limit, period } = budget;
  const amount = unit === 'nano_usd' ? `$${dollarsOf(limit)}` : `${limit} calls`;
  const span = period === 'total' ? 'in all' : `a ${period}`;
  const isUsedUp = percent >= 100;
  return {
    kind: 'budget_reached',
    about: `${counterId} ${percent}`,
    title: isUsedUp ? 'A budget of yours is used up' : `${percent} % of a budget of yours is used`,
    text: paragraphs(
      `You limit what ${whose} may use to ${amount} ${span}. ${isUsedUp ? 'That is used up' : `${percent} % of that is used`}.`,
      isUsedUp
        ? 'Until it begins anew or you raise it, calls that cost you something are refused. An app that has told you so may go on at its own cost.'
        : 'Nothing needs to be done.',
      `Where it stands, and to change it:\n${page}`,
    ),
  };
}

/** So many calls of an app were flagged that it has been suspended. */
export function appSuspended({ issuer }: Site, { id, name }: Pick<Client, 'id' | 'name'>): Notice {
  return {
    kind: 'app_suspended',
    about: id,
    title: `Your app ${name} has been suspended`,
    text: paragraphs(
      `The moderation of the provider has flagged so many calls of ${name} within a day that it is suspended here: its calls are refused, and nobody can connect it.`,
      'See to it that such calls do not happen again, then ask whoever runs this service to lift the suspension.',
      `Your app:\n${issuer}/developer/${id}`,
    ),
  };
}

function providerOf({ provider }: NamedKey): {
  readonly title: string;
  readonly keysPage: string | null;
  readonly billingPage: string | null;
} {
  return findProvider(provider) ?? { title: provider, keysPage: null, billingPage: null };
}

function label({ name, last4 }: NamedKey): string {
  return `"${name}" (ending in ${last4})`;
}

function pageOf({ issuer }: Site, { id }: NamedKey): string {
  return `${issuer}/keys/${id}`;
}

function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function paragraphs(...texts: readonly string[]): string {
  return `${texts.join('\n\n')}\n`;
}
