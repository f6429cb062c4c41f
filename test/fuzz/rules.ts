import { isProxied } from './good.ts';
import type { Answer } from './send.ts';

/** An answer that gives something away, and what good the request must have held for it. */
interface Rule {
  readonly gives: string;
  readonly isGiven: (answer: Answer, path: string) => boolean;
  /** Names of material: one of each list. */
  readonly needs: readonly (readonly string[])[];
}

const isGood = ({ status }: Answer) => typeof status === 'number' && status >= 200 && status < 300;
const isDone = ({ status }: Answer) => typeof status === 'number' && status >= 200 && status < 400;
const at = (...paths: readonly string[]) => ({
  good: (answer: Answer, path: string) => paths.includes(path) && isGood(answer),
  /** Pages and redirects, but the one that asks to sign in first. */
  done: (answer: Answer, path: string) =>
    paths.includes(path) && isDone(answer) && !/^location: \/sign-in/im.test(answer.head),
});

const client = ['clientSecret', 'publicClientId', 'registeredId', 'basic'];
const session = ['session', 'operatorSession'];
const browser = ['browser', 'operatorBrowser'];
const isOwnPage = (path: string) =>
  /^\/(keys|apps|activity|spending|developer|account|operator|device)(\/(?!done)|$)/.test(path);

const rules: readonly Rule[] = [
  {
    gives: 'a session',
    isGiven: ({ head }) => /^set-cookie: \S*_session=cc/im.test(head),
    needs: [['password', 'invitation']],
  },
  {
    gives: 'tokens',
    isGiven: ({ body }) => body.includes('"access_token":'),
    needs: [client, ['code', 'boundCode', 'refreshToken', 'deviceCode']],
  },
  {
    gives: 'a code',
    isGiven: ({ head }) => /^location: \S*[?&]code=/im.test(head),
    needs: [session, browser, ['resumeId']],
  },
  { gives: 'a pushed request', isGiven: at('/oauth/par').good, needs: [client] },
  { gives: 'a device code', isGiven: at('/oauth/device').good, needs: [client] },
  { gives: 'a revocation', isGiven: at('/oauth/revoke').good, needs: [client] },
  { gives: 'an introspection', isGiven: at('/oauth/introspect').good, needs: [['clientSecret', 'basic']] },
  {
    gives: 'what is known of a token',
    isGiven: ({ body }) => body.includes('"active":true'),
    needs: [['accessToken', 'refreshToken']],
  },
  { gives: 'a grant', isGiven: at('/grant').good, needs: [['accessToken']] },
  { gives: 'a registration', isGiven: at('/oauth/register/:id').good, needs: [['registrationToken']] },
  {
    gives: 'an answer of a provider',
    isGiven: (answer, path) => isProxied(path) && isGood(answer),
    needs: [['accessToken']],
  },
  {
    gives: 'a consent page',
    isGiven: at('/consent/:id').done,
    needs: [session, browser, ['consentId', 'resumeId']],
  },
  { gives: 'an invitation', isGiven: at('/invite/:token').good, needs: [['invitation']] },
  { gives: 'a set-up', isGiven: at('/setup/:token').good, needs: [['nothing']] },
  {
    gives: 'somebody’s page',
    isGiven: (answer, path) => isOwnPage(path) && isGood(answer),
    needs: [session],
  },
  {
    gives: 'a page of the operator',
    isGiven: (answer, path) => path.startsWith('/operator') && isGood(answer),
    needs: [['operatorSession']],
  },
];

/** Answered 2xx to anybody. */
const open = [
  ...['/', '/healthz', '/readyz', '/sign-in', '/sign-up', '/device/done', '/oauth/register', '/oauth/jwks'],
  ...['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
  '/.well-known/oauth-protected-resource/*',
];

/**
 * Judges an answer.
 * @param path of the route that gave it
 * @param held whether the request held material of this name
 * @returns why it should not have been given, null when it may; and whether it gives anything
 */
export function judge(
  path: string,
  method: string,
  answer: Answer,
  held: (name: string) => boolean,
): { readonly complaint: string | null; readonly isGiven: boolean } {
  const bad = (complaint: string) => ({ complaint, isGiven: false });
  if (answer.status === 'silent') return bad('no answer');
  if (answer.status === 'closed') return { complaint: null, isGiven: false };
  if (answer.status >= 500) return bad(`status ${answer.status}`);
  const given = rules.filter(({ isGiven }) => isGiven(answer, path));
  const isPreflight = method === 'OPTIONS' && answer.status === 204;
  const undue = given.find(({ needs }) => !needs.every((names) => names.some(held)));
  if (undue && !isPreflight) return bad(`${undue.gives} for nothing`);
  const isForm = method === 'POST' && !path.startsWith('/oauth') && !isProxied(path);
  if (isForm && isDone(answer) && !held('csrf') && !held('operatorCsrf'))
    return bad('a form without its token');
  const isExpected = given.length > 0 || isPreflight || open.includes(path) || path.startsWith('/assets/');
  if (isGood(answer) && !isExpected) return bad(`an unexpected ${answer.status}`);
  return { complaint: null, isGiven: given.length > 0 && !isPreflight };
}
